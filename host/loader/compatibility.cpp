// SPDX-License-Identifier: MIT
#include "host/loader/compatibility.hpp"

#include <utility>

namespace schedrig::loader {
namespace {

std::string hash_text(const AbiNote& note) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::uint64_t value = (std::uint64_t{note.abi_hash_high} << 32U) | note.abi_hash_low;
  std::string text(16, '0');
  for (std::size_t i = text.size(); i > 0; --i) {
    text[i - 1] = digits[value & 0xFU];
    value >>= 4U;
  }
  return text;
}

std::string sanitizer_text(std::uint32_t bits) {
  std::string text;
  const auto add = [&](std::string_view name) {
    text += text.empty() ? "" : ",";
    text += name;
  };
  if ((bits & kSanitizeAddress) != 0) {
    add("address");
  }
  if ((bits & kSanitizeThread) != 0) {
    add("thread");
  }
  const std::uint32_t unknown = bits & ~(kSanitizeAddress | kSanitizeThread);
  if (unknown != 0) {
    add("unknown bits " + std::to_string(unknown));
  }
  return text.empty() ? "none" : text;
}

std::string sanitizer_flag(std::uint32_t host_bits) {
  return host_bits == 0 ? "-fno-sanitize=all" : "-fsanitize=" + sanitizer_text(host_bits);
}

// Single quotes for a shell: the command in help is meant to be pasted.
std::string shell_quoted(const std::string& text) {
  std::string result = "'";
  for (const char c : text) {
    result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  }
  return result + "'";
}

std::string rebuild_command(const std::vector<FieldDifference>& differences,
                            const RebuildAdvice& advice) {
  if (advice.own_build_tree) {
    return "cmake --build " + shell_quoted(advice.sdk_prefix.string());
  }
  std::string flags;
  for (const FieldDifference& difference : differences) {
    if (!difference.flag.empty()) {
      flags += (flags.empty() ? "" : " ") + difference.flag;
    }
  }
  std::string command = "cmake -S SOURCE -B BUILD --fresh -DCMAKE_PREFIX_PATH=" +
                        shell_quoted(advice.sdk_prefix.string());
  if (!flags.empty()) {
    command += " -DCMAKE_CXX_FLAGS=" + shell_quoted(flags);
  }
  return command + " && cmake --build BUILD";
}

} // namespace

std::vector<FieldDifference> compare_abi(const AbiNote& plugin, const AbiNote& host) {
  std::vector<FieldDifference> differences;
  const auto differs = [&](std::string field, std::string there, std::string here,
                           std::string flag) {
    differences.push_back({std::move(field), std::move(there), std::move(here), std::move(flag)});
  };
  if (plugin.abi_major != host.abi_major) {
    differs("abi_major", std::to_string(plugin.abi_major), std::to_string(host.abi_major), {});
  }
  if (plugin.abi_minor > host.abi_minor) {
    differs("abi_minor", std::to_string(plugin.abi_minor), std::to_string(host.abi_minor), {});
  }
  if (plugin.abi_hash_low != host.abi_hash_low || plugin.abi_hash_high != host.abi_hash_high) {
    differs("abi_hash", hash_text(plugin), hash_text(host), {});
  }
  if (plugin.cxx11_abi != host.cxx11_abi) {
    differs("cxx11_abi", std::to_string(plugin.cxx11_abi), std::to_string(host.cxx11_abi),
            "-D_GLIBCXX_USE_CXX11_ABI=" + std::to_string(host.cxx11_abi));
  }
  if (plugin.libstdcxx_debug != host.libstdcxx_debug) {
    differs("libstdcxx_debug", std::to_string(plugin.libstdcxx_debug),
            std::to_string(host.libstdcxx_debug),
            host.libstdcxx_debug != 0 ? "-D_GLIBCXX_DEBUG" : "-U_GLIBCXX_DEBUG");
  }
  if (plugin.sanitizers != host.sanitizers) {
    differs("sanitizers", sanitizer_text(plugin.sanitizers), sanitizer_text(host.sanitizers),
            sanitizer_flag(host.sanitizers));
  }
  return differences;
}

AbiNote host_abi_note() {
  return make_abi_note(0);
}

std::string compiler_name(const AbiNote& note) {
  const std::string version =
      " " + std::to_string(note.compiler_major) + "." + std::to_string(note.compiler_minor);
  switch (static_cast<CompilerFamily>(note.compiler)) {
  case CompilerFamily::kGcc:
    return "gcc" + version;
  case CompilerFamily::kClang:
    return "clang" + version;
  case CompilerFamily::kUnknown:
    break;
  }
  return "unknown compiler " + std::to_string(note.compiler);
}

bool is_known_kind(std::uint32_t kind) {
  return kind == static_cast<std::uint32_t>(PluginKind::kBackend) ||
         kind == static_cast<std::uint32_t>(PluginKind::kScheduler);
}

std::string plugin_kind_name(std::uint32_t kind) {
  switch (static_cast<PluginKind>(kind)) {
  case PluginKind::kBackend:
    return "backend";
  case PluginKind::kScheduler:
    return "scheduler";
  }
  return "unknown kind " + std::to_string(kind);
}

Error abi_refusal(const std::filesystem::path& path,
                  const std::vector<FieldDifference>& differences, const RebuildAdvice& advice) {
  std::string message = path.string() + ": built against another plugin ABI: ";
  for (std::size_t i = 0; i < differences.size(); ++i) {
    const FieldDifference& difference = differences[i];
    message += (i == 0 ? "" : "; ") + difference.field + " is " + difference.plugin + ", here " +
               difference.host;
  }
  return {StatusCode::kUnsupported, std::move(message),
          "rebuild it: " + rebuild_command(differences, advice), 0};
}

Error kind_refusal(const std::filesystem::path& path, std::uint32_t kind, PluginKind wanted) {
  const std::string wanted_name = plugin_kind_name(static_cast<std::uint32_t>(wanted));
  return {StatusCode::kUnsupported,
          path.string() + ": is a " + plugin_kind_name(kind) + " plugin, a " + wanted_name +
              " was asked for",
          "name a " + wanted_name + "; `schedrig plugins` lists them", 0};
}

} // namespace schedrig::loader
