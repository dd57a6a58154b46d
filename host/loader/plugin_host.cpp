// SPDX-License-Identifier: MIT
#include "host/loader/plugin_host.hpp"

#include <exception>
#include <utility>

#include "host/log/log.hpp"

namespace schedrig::loader {

PluginHost::PluginHost(std::string id, const std::filesystem::path& directory)
    : id_(std::move(id)), directory_(directory.string()) {}

void PluginHost::log(LogLevel level, std::string_view text) noexcept {
  try {
    log::write_plugin(id_, level, text);
  } catch (const std::exception&) {
    return; // out of memory: a lost line must not end the plugin's thread
  }
}

} // namespace schedrig::loader
