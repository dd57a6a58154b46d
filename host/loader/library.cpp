// SPDX-License-Identifier: MIT
// Boost.DLL in its header-only form over std::filesystem. The throwing overloads are used because
// the error_code ones lose dlerror's text (Boost 1.74).
#define BOOST_DLL_USE_STD_FS
#include "host/loader/library.hpp"

#include <exception>
#include <string>
#include <string_view>

#include <boost/dll/shared_library.hpp>
#include <dlfcn.h>

namespace schedrig::loader {
namespace {

// Boost writes "... (dlerror system message: TEXT): Bad file descriptor": the errno at the end is
// made up by it, only TEXT comes from the dynamic linker.
std::string dlerror_part(std::string_view text) {
  constexpr std::string_view before = "(dlerror system message: ";
  const std::size_t begin = text.find(before);
  const std::size_t end = text.rfind(')');
  if (begin == std::string_view::npos || end == std::string_view::npos ||
      end < begin + before.size()) {
    return std::string(text);
  }
  return std::string(text.substr(begin + before.size(), end - begin - before.size()));
}

} // namespace

Result<PluginEntry> load_plugin_entry(const std::filesystem::path& path) {
  // RTLD_NOW: an unresolved symbol is an error here, not a crash in the middle of a run.
  // RTLD_LOCAL: two plugins never see each other's symbols.
  // RTLD_NODELETE has no name in Boost.DLL; its mode is the native integer, so the cast passes it
  // through. It makes the dlclose of `library`'s destructor keep the code mapped.
  // NOLINTNEXTLINE(clang-analyzer-optin.core.EnumCastOutOfRange)
  const auto mode = static_cast<boost::dll::load_mode::type>(
      static_cast<unsigned>(boost::dll::load_mode::rtld_now) |
      static_cast<unsigned>(boost::dll::load_mode::rtld_local) |
      static_cast<unsigned>(RTLD_NODELETE));
  // Boost.DLL looks a bare file name up in the current directory; say so to the dynamic linker.
  const std::filesystem::path file = path.has_parent_path() ? path : "." / path;
  try {
    const boost::dll::shared_library library(file, mode);
    if (!library.has(kPluginEntryName)) {
      return fail(StatusCode::kBadData,
                  path.string() + ": no entry function " + std::string(kPluginEntryName),
                  "emit it with SCHEDRIG_PLUGIN from <schedrig/export.hpp>");
    }
    return &library.get<std::remove_pointer_t<PluginEntry>>(kPluginEntryName);
  } catch (const std::exception& error) {
    const std::string reason = dlerror_part(error.what());
    return fail(StatusCode::kBadData,
                // dlerror usually begins with the path as it was given
                reason.starts_with(file.string()) ? "load " + reason
                                                  : "load " + path.string() + ": " + reason,
                "link the plugin with -Wl,-z,defs to see missing symbols when it is built");
  }
}

} // namespace schedrig::loader
