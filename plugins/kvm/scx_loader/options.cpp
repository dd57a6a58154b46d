// SPDX-License-Identifier: MIT
#include "scx_loader/options.hpp"

#include <charconv>
#include <string_view>

namespace schedrig::scx {

Result<Options> parse_options(int argc, const char* const* argv) {
  const auto usage = [](std::string what) {
    return fail(StatusCode::kInvalidArgument, std::move(what),
                "schedrig-scx OBJECT [--global NAME=VALUE]... [--ops NAME=NUMBER]...");
  };
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (!word.starts_with("--")) {
      if (!options.object.empty()) {
        return usage("a second object: " + std::string(word));
      }
      options.object = word;
      continue;
    }
    const std::string_view pair = i + 1 < argc ? argv[++i] : "";
    const std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos || equals == 0) {
      return usage(std::string(word) + " needs NAME=VALUE");
    }
    const std::string name(pair.substr(0, equals));
    const std::string_view value = pair.substr(equals + 1);
    if (word == "--global") {
      options.globals.emplace_back(name, value);
    } else if (word == "--ops") {
      std::uint64_t number = 0;
      const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
      if (error != std::errc() || end != value.data() + value.size()) {
        return usage("--ops " + name + " needs a number, not \"" + std::string(value) + "\"");
      }
      options.fields.emplace_back(name, number);
    } else {
      return usage("no option is called " + std::string(word));
    }
  }
  if (options.object.empty()) {
    return usage("no object");
  }
  return options;
}

} // namespace schedrig::scx
