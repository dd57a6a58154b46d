// SPDX-License-Identifier: MIT
#include "host/loader/probe_child.hpp"

#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include <unistd.h>

#include <schedrig/plugin.hpp>
#include <schedrig/result.hpp>

#include "host/loader/descriptor.hpp"
#include "host/loader/library.hpp"

namespace schedrig::loader {
namespace {

// A probe's log lines would look like those of a run.
class SilentHost final : public HostServices {
 public:
  explicit SilentHost(std::string directory) : directory_(std::move(directory)) {}
  void log(LogLevel, std::string_view) noexcept override {}
  [[nodiscard]] std::string_view plugin_directory() const noexcept override { return directory_; }

 private:
  std::string directory_;
};

void put(std::span<char> to, std::string_view text) {
  const std::size_t n = std::min(text.size(), to.size() - 1);
  std::memcpy(to.data(), text.data(), n);
  to[n] = '\0';
}

void describe(const PluginDescriptor& descriptor, ProbeRecord& record) {
  put(record.id, descriptor.id);
  put(record.name, descriptor.name);
  put(record.version, descriptor.version);
  put(record.licence, descriptor.licence);
  put(record.description, descriptor.description);
  record.params = static_cast<std::uint32_t>(descriptor.params.size());
}

Result<> try_plugin(const std::filesystem::path& path, std::uint32_t note_kind,
                    ProbeRecord& record) {
  record.stage = ProbeStage::kLoading;
  const PluginEntry entry = TRY(load_plugin_entry(path));
  record.stage = ProbeStage::kEntry;
  const PluginDescriptor* descriptor = entry();
  record.stage = ProbeStage::kDescriptor;
  if (Result<> sane = check_descriptor(descriptor, note_kind); !sane) {
    return std::unexpected(std::move(sane).error().context(path.string()));
  }
  describe(*descriptor, record);

  record.stage = ProbeStage::kCreating;
  SilentHost host(path.parent_path().string());
  Plugin* plugin = nullptr;
  const Status status = descriptor->create(host, &plugin);
  if (Result<> made = from_status(status); !made) {
    return std::unexpected(std::move(made).error().context(path.string() + ": create"));
  }
  if (plugin == nullptr) {
    return fail(StatusCode::kBadData, path.string() + ": create returned ok and no object");
  }
  record.stage = ProbeStage::kDestroying;
  descriptor->destroy(plugin);
  return {};
}

} // namespace

void run_probe_child(const std::filesystem::path& path, std::uint32_t note_kind,
                     ProbeRecord& record) {
  const Result<> result = try_plugin(path, note_kind, record);
  if (!result) {
    record.status_code = static_cast<std::uint32_t>(result.error().code);
    record.os_errno = result.error().os_errno;
    put(record.message, result.error().message);
    put(record.help, result.error().help);
  }
  record.stage = ProbeStage::kDone;
  // _exit: the parent's atexit handlers and unwritten buffers are not the child's to run.
  ::_exit(0);
}

} // namespace schedrig::loader
