// SPDX-License-Identifier: MIT
// GuestFeed: what the VMM's device thread hands over to the host thread, and the host thread's
// one place to wait. Interprets nothing.
//
// Bounded: console bytes beyond the limit are dropped and counted; control bytes beyond theirs
// make the device thread, and so the guest's writer, wait until the host has taken some.
// Ownership: two eventfds and the queued bytes.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "channel/byte_channel.hpp"
#include "vmm/unique_fd.hpp"
#include "vmm/vm.hpp"

namespace schedrig::kvm {

// Everything since the last take, in order within each kind.
struct GuestOutput {
  Bytes console;
  Bytes control;
  std::vector<std::string> notices;
  std::uint64_t console_bytes_lost = 0;
  std::uint64_t ring_doorbells = 0;
  std::optional<VmEnd> end;
};

class GuestFeed final : public VmSink {
 public:
  [[nodiscard]] static Result<std::unique_ptr<GuestFeed>> create();

  // [device thread]
  void on_console(std::span<const std::byte> bytes) noexcept override;
  void on_control(std::span<const std::byte> bytes) noexcept override;
  void on_control_open(bool open) noexcept override;
  void on_end(const VmEnd& end) noexcept override;
  void on_notice(std::string_view text) noexcept override;
  void on_ring_doorbell(std::uint64_t times) noexcept override;

  // [vcpu thread]
  void on_held() noexcept override;

  // [host thread]
  [[nodiscard]] GuestOutput take();

  enum class Woken { kOutput, kDeadline, kInterrupted };
  // Until there is output that take() has not given out, the deadline, or, when interruptible, an
  // interrupt(): each interrupt ends one such wait.
  [[nodiscard]] Woken wait(Deadline deadline, bool interruptible) noexcept;

  // [any thread, async-signal-safe]
  void interrupt() noexcept;

  // [any thread] The device thread is never held up any more. Call before Vm::stop.
  void close() noexcept;
  // [host thread] For the output of another life: what is there is forgotten. No device thread
  // runs.
  void reopen() noexcept;

 private:
  GuestFeed(UniqueFd output, UniqueFd interrupted) noexcept;
  template <class Change> void change(Change&& change_output) noexcept;

  UniqueFd output_fd_;
  UniqueFd interrupt_fd_;
  std::mutex mutex_;
  std::condition_variable room_;
  GuestOutput output_; // guarded by mutex_
  bool closed_ = false;
};

} // namespace schedrig::kvm
