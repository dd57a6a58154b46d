// SPDX-License-Identifier: MIT
// The smallest root object, and a sound descriptor around it, for the plugins of the loader's
// tests. It says when it is made and destroyed.
#pragma once

#include <schedrig/export.hpp>

namespace schedrig::test {

class Root final : public Plugin {
 public:
  explicit Root(HostServices& host) : host_(host) { host_.log(LogLevel::kInfo, "made"); }
  ~Root() { host_.log(LogLevel::kInfo, "destroyed"); }
  Root(const Root&) = delete;
  Root& operator=(const Root&) = delete;

  void* query(std::string_view interface_id) noexcept override {
    return interface_id == "schedrig.test/1" ? this : nullptr;
  }

 private:
  HostServices& host_;
};

template <class Made = Root>
PluginDescriptor make_descriptor(std::string_view id, PluginKind kind = PluginKind::kScheduler) {
  PluginDescriptor descriptor;
  descriptor.kind = kind;
  descriptor.id = id;
  descriptor.name = "a plugin for tests";
  descriptor.version = "1.2.3";
  descriptor.licence = "MIT";
  descriptor.description = "does nothing";
  descriptor.create = &create_plugin<Made>;
  descriptor.destroy = &destroy_plugin<Made>;
  return descriptor;
}

} // namespace schedrig::test
