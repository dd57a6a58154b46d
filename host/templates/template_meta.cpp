// SPDX-License-Identifier: MIT
#include "host/templates/template_meta.hpp"

#include <algorithm>

#include "host/text/digest.hpp"

namespace schedrig::templates {
namespace {

std::string without(std::string text, std::string_view ends) {
  std::ranges::replace_if(
      text, [&](char c) { return ends.find(c) != std::string_view::npos; }, ' ');
  return text;
}

} // namespace

std::string write_fields(const Fields& fields) {
  std::string text;
  for (const auto& [key, value] : fields) {
    text += without(key, "=\n") + "=" + without(value, "\n") + "\n";
  }
  return text;
}

Fields read_fields(std::string_view text) {
  Fields fields;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (const std::size_t equals = line.find('='); equals != std::string_view::npos) {
      fields.emplace_back(line.substr(0, equals), line.substr(equals + 1));
    }
  }
  return fields;
}

std::string key_of(const Fields& fields) {
  return text::digest(write_fields(fields));
}

} // namespace schedrig::templates
