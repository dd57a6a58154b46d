// SPDX-License-Identifier: MIT
#include "host/cli/plugin_setup.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "host/text/quote.hpp"

namespace schedrig::cli {

loader::Registry plugin_registry(const Globals& globals,
                                 const std::vector<std::string>& config_dirs,
                                 const std::string& config_base) {
  loader::SearchRequest request;
  request.command_line.assign(globals.plugin_dirs.begin(), globals.plugin_dirs.end());
  if (const char* path = std::getenv("SCHEDRIG_PLUGIN_PATH"); path != nullptr) {
    request.environment = path;
  }
  for (const std::string& dir : config_dirs) {
    request.config.push_back(std::filesystem::path(config_base) / dir);
  }
  request.installation = loader::installation_plugin_directory();
  return loader::Registry(loader::discover_plugins(loader::plugin_search_path(request)));
}

std::string plugin_directory_problem(const std::string& path) {
  std::error_code error;
  const std::filesystem::directory_iterator entries(path, error);
  return error ? fail_errno(error.value(), "read plugin directory " + text::quote(path))
                     .error()
                     .message
               : std::string();
}

bool is_listed(const loader::Registry& registry, std::string_view name) {
  const auto& listings = registry.discovery().listings;
  return std::ranges::find(listings, name, &loader::PluginListing::name) != listings.end();
}

} // namespace schedrig::cli
