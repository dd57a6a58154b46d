// SPDX-License-Identifier: MIT
#include "host/loader/search_path.hpp"

#include <system_error>

namespace schedrig::loader {

std::string_view search_origin_name(SearchOrigin origin) {
  switch (origin) {
  case SearchOrigin::kCommandLine:
    return "--plugin-dir";
  case SearchOrigin::kEnvironment:
    return "SCHEDRIG_PLUGIN_PATH";
  case SearchOrigin::kConfig:
    return "[plugins] path";
  case SearchOrigin::kInstallation:
    return "installation";
  case SearchOrigin::kExplicit:
    break;
  }
  return "path";
}

std::vector<SearchDirectory> plugin_search_path(const SearchRequest& request) {
  std::vector<SearchDirectory> result;
  result.reserve(request.command_line.size() + request.config.size() + 1);
  for (const std::filesystem::path& path : request.command_line) {
    result.push_back({path, SearchOrigin::kCommandLine});
  }
  std::string_view rest = request.environment;
  while (!rest.empty()) {
    const std::size_t colon = rest.find(':');
    const std::string_view item = rest.substr(0, colon);
    if (!item.empty()) {
      result.push_back({std::filesystem::path(item), SearchOrigin::kEnvironment});
    }
    rest.remove_prefix(colon == std::string_view::npos ? rest.size() : colon + 1);
  }
  for (const std::filesystem::path& path : request.config) {
    result.push_back({path, SearchOrigin::kConfig});
  }
  if (!request.installation.empty()) {
    result.push_back({request.installation, SearchOrigin::kInstallation});
  }
  return result;
}

std::filesystem::path installation_plugin_directory() {
  std::error_code error;
  const std::filesystem::path executable = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) {
    return {};
  }
  return executable.parent_path().parent_path() / "lib" / "schedrig" / "plugins";
}

} // namespace schedrig::loader
