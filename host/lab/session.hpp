// SPDX-License-Identifier: MIT
// Session: the event loop of one lab run, from QEMU's start to the last frame. Internal to
// host/lab. Owns the state machine booting -> running -> done and its deadlines; knows nothing
// about staging. Thread: the one that calls run().
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include <schedrig/result.hpp>

#include "host/lab/frame.hpp"
#include "host/lab/lab.hpp"
#include "host/lab/outputs.hpp"
#include "host/lab/qemu_process.hpp"

namespace schedrig::lab {

class Session {
 public:
  Session(const LabRequest& request, QemuProcess& qemu)
      : request_(request), qemu_(qemu), outputs_(request.outputs) {}

  // Fills in exit code, missing outputs and the times of `report`.
  Result<> run(LabReport& report);

  // After run() failed: the panic of an emulated host that was not up yet; else empty.
  [[nodiscard]] std::string panic_at_boot() const;
  [[nodiscard]] bool booting() const { return state_ == State::kBooting; }

 private:
  using Clock = std::chrono::steady_clock;
  enum class State : std::uint8_t { kBooting, kRunning, kDone };

  Result<> wait_once(LabReport& report);
  Result<> read_channel(LabReport& report);
  Result<> on_frame(const Frame& frame, LabReport& report);
  void read_console();
  void read_complaints();
  Result<> cancel(); // asks the command to end; before it runs there is nothing to ask
  [[nodiscard]] Clock::time_point deadline() const;
  [[nodiscard]] std::unexpected<Error> lost() const;
  [[nodiscard]] std::unexpected<Error> late() const;
  [[nodiscard]] std::string evidence() const;

  const LabRequest& request_;
  QemuProcess& qemu_;
  OutputReceiver outputs_;
  FrameParser parser_;
  State state_ = State::kBooting;
  bool cancelled_ = false;
  bool channel_open_ = true;
  Clock::time_point started_ = Clock::now();
  Clock::time_point up_{};                   // when hello came
  std::chrono::nanoseconds waited_before_{}; // QEMU's wait for CPUs until then
  Clock::time_point cancelled_at_{};
  std::string console_;    // the last of it
  std::string complaints_; // QEMU's own, the last of them
};

} // namespace schedrig::lab
