// SPDX-License-Identifier: MIT
// Console: a run as it goes on, on stderr. On a terminal one live status line (phase, step, hold
// progress) that gives way to everything else that is printed; otherwise one line an event.
// Thread: host, except on_line (any: from the log).
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include "host/engine/observer.hpp"
#include "host/log/log.hpp"

namespace schedrig::report {

struct ConsoleOptions {
  bool live = false; // stderr is a terminal
  int verbosity = 0; // -1: nothing but warnings; 1: also ops and the machine's console
};

class Console final : public engine::RunObserver, public log::LineSink {
 public:
  explicit Console(const ConsoleOptions& options);
  ~Console() override; // takes the status line off the terminal

  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;

  void on_phase(std::string_view phase, std::int64_t at_ns) override;
  void on_step(std::uint32_t number, std::uint32_t of, const engine::StepRecord& step) override;
  void on_op(const engine::OpRecord& op) override;
  void on_freeze_window(const engine::FreezeWindowRecord& window) override;
  void on_hold(std::int64_t start_ns, std::int64_t elapsed_ns, std::int64_t total_ns) override;
  void on_machine_event(const Event& event) override;
  void on_kernel_complaint(const engine::KernelComplaint& complaint) override;
  void on_line(LogLevel level, std::string_view line) noexcept override;

 private:
  void print(std::string_view line);
  void show_status(std::string status);
  void clear_status(); // requires mutex_

  ConsoleOptions options_;
  std::mutex mutex_;
  std::string status_; // on the terminal now; empty: none
  std::string step_;
};

} // namespace schedrig::report
