// SPDX-License-Identifier: MIT
// What tests and vmm_boot share: a sink that keeps everything a guest said, an initramfs made of
// one static program, and waits with deadlines.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vmm/vm.hpp"

namespace schedrig::kvm::test {

class RecordingSink final : public VmSink {
 public:
  explicit RecordingSink(bool echo = false) : echo_(echo) {}

  void on_console(std::span<const std::byte> bytes) noexcept override;
  void on_control(std::span<const std::byte> bytes) noexcept override;
  void on_control_open(bool open) noexcept override;
  void on_end(const VmEnd& end) noexcept override;
  void on_notice(std::string_view text) noexcept override;

  using Timeout = std::chrono::milliseconds;
  // The next line from the control port, without its end; nothing at the deadline or when the
  // guest ended.
  [[nodiscard]] std::optional<std::string> next_line(Timeout timeout);
  [[nodiscard]] std::optional<VmEnd> wait_end(Timeout timeout);
  // The same for tests that expect an end: one of kHostError, "still running", if there is none.
  [[nodiscard]] VmEnd end_within(Timeout timeout);
  // A guest that lives again.
  void forget_end();
  [[nodiscard]] std::string console() const;
  [[nodiscard]] std::string notices() const;

 private:
  bool echo_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::string console_;
  std::string control_;
  std::string notices_;
  bool open_ = false;
  std::optional<VmEnd> end_;
};

// The whole file, /proc included; empty when it cannot be read.
[[nodiscard]] std::string read_text(const std::string& path);

// A bzImage whose 64-bit code is these bytes: enough for the loader and for KVM.
[[nodiscard]] std::vector<std::byte> image_of(const std::vector<std::uint8_t>& code);

[[nodiscard]] int open_files(); // of this process

// A newc cpio archive with /init (this program), /dev/console, and empty /dev, /proc and /sys.
[[nodiscard]] std::vector<std::byte> initramfs_of(std::span<const std::byte> program);

} // namespace schedrig::kvm::test
