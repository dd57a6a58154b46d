// SPDX-License-Identifier: MIT
// ObserverGroup: several observers of one run, told in the order in which they were added. Borrows
// them. Thread: as RunObserver.
#pragma once

#include <vector>

#include "host/engine/observer.hpp"

namespace schedrig::engine {

class ObserverGroup final : public RunObserver {
 public:
  void add(RunObserver& observer) { observers_.push_back(&observer); }

  void on_run(const RunReport& report) override {
    for_each([&](RunObserver& each) { each.on_run(report); });
  }
  void on_phase(std::string_view phase, std::int64_t at_ns) override {
    for_each([&](RunObserver& each) { each.on_phase(phase, at_ns); });
  }
  void on_step(std::uint32_t number, std::uint32_t of, const StepRecord& step) override {
    for_each([&](RunObserver& each) { each.on_step(number, of, step); });
  }
  void on_step_end(std::uint32_t number, const StepRecord& step) override {
    for_each([&](RunObserver& each) { each.on_step_end(number, step); });
  }
  void on_op(const OpRecord& op) override {
    for_each([&](RunObserver& each) { each.on_op(op); });
  }
  void on_freeze_window(const FreezeWindowRecord& window) override {
    for_each([&](RunObserver& each) { each.on_freeze_window(window); });
  }
  void on_hold(std::int64_t start_ns, std::int64_t elapsed_ns, std::int64_t total_ns) override {
    for_each([&](RunObserver& each) { each.on_hold(start_ns, elapsed_ns, total_ns); });
  }
  void on_machine_event(const Event& event) override {
    for_each([&](RunObserver& each) { each.on_machine_event(event); });
  }
  void on_scheduler_event(const SchedulerEvent& event) override {
    for_each([&](RunObserver& each) { each.on_scheduler_event(event); });
  }
  void on_kernel_complaint(const KernelComplaint& complaint) override {
    for_each([&](RunObserver& each) { each.on_kernel_complaint(complaint); });
  }
  void on_payload_start(const PayloadRecord& payload) override {
    for_each([&](RunObserver& each) { each.on_payload_start(payload); });
  }
  void on_payload_end(const PayloadRecord& payload) override {
    for_each([&](RunObserver& each) { each.on_payload_end(payload); });
  }
  void on_end(const RunReport& report) override {
    for_each([&](RunObserver& each) { each.on_end(report); });
  }

 private:
  template <class Tell> void for_each(Tell&& tell) {
    for (RunObserver* observer : observers_) {
      tell(*observer);
    }
  }

  std::vector<RunObserver*> observers_;
};

} // namespace schedrig::engine
