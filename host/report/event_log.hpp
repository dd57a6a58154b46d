// SPDX-License-Identifier: MIT
// EventLog: a run as JSON lines while it goes on, one event a line (docs/reference/report.md). The
// same run on a simulated machine gives the same bytes. Thread: host.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "host/engine/observer.hpp"
#include "host/json/value.hpp"

namespace schedrig::report {

// Version of the lines' shape, in the first one: members and events may be added within it.
inline constexpr std::int64_t kEventSchema = 1;

class EventLog final : public engine::RunObserver {
 public:
  // Is given each line, with its newline, as soon as it is known.
  using Write = std::function<void(std::string_view line)>;

  explicit EventLog(Write write) : write_(std::move(write)) {}

  void on_run(const engine::RunReport& report) override;
  void on_phase(std::string_view phase, std::int64_t at_ns) override;
  void on_step(std::uint32_t number, std::uint32_t of, const engine::StepRecord& step) override;
  void on_step_end(std::uint32_t number, const engine::StepRecord& step) override;
  void on_op(const engine::OpRecord& op) override;
  void on_freeze_window(const engine::FreezeWindowRecord& window) override;
  void on_hold(std::int64_t start_ns, std::int64_t elapsed_ns, std::int64_t total_ns) override;
  void on_machine_event(const Event& event) override;
  void on_scheduler_event(const engine::SchedulerEvent& event) override;
  void on_kernel_complaint(const engine::KernelComplaint& complaint) override;
  void on_payload_start(const engine::PayloadRecord& payload) override;
  void on_payload_end(const engine::PayloadRecord& payload) override;
  void on_end(const engine::RunReport& report) override;

 private:
  [[nodiscard]] json::Value event(std::string_view name, std::int64_t at_ns);
  void write(const json::Value& line);

  Write write_;
  std::int64_t last_ns_ = 0; // of the latest event: when the run was judged
  std::uint32_t step_ = 0;   // at work; 0: the backdrop
  bool holding_ = false;     // the step's hold has begun
};

} // namespace schedrig::report
