// SPDX-License-Identifier: MIT
// PluginHost: what the host offers to one loaded plugin (HostServices): a log line under the
// plugin's id, and the directory it came from.
//
// Owned by the registry, outlives the plugin's root object. Thread: log is [any-thread].
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include <schedrig/plugin.hpp>

namespace schedrig::loader {

class PluginHost final : public HostServices {
 public:
  PluginHost(std::string id, const std::filesystem::path& directory);

  void log(LogLevel level, std::string_view text) noexcept override;
  [[nodiscard]] std::string_view plugin_directory() const noexcept override { return directory_; }

 private:
  std::string id_;
  std::string directory_;
};

} // namespace schedrig::loader
