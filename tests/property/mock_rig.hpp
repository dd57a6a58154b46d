// SPDX-License-Identifier: MIT
// MockRig: a booted mock machine with what the engine needs around it, and a look at what is in it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <schedrig/backend.hpp>
#include <schedrig/scenario.hpp>

#include "host/engine/cancellation.hpp"
#include "host/engine/observer.hpp"
#include "host/engine/run_report.hpp"
#include "host/engine/scheduler_control.hpp"
#include "host/engine/session.hpp"
#include "plugins/mock/backend/machine.hpp"

namespace schedrig::property {

class MockRig {
 public:
  explicit MockRig(const Scenario& scenario);
  ~MockRig();
  MockRig(const MockRig&) = delete;
  MockRig& operator=(const MockRig&) = delete;

  [[nodiscard]] engine::Session& session() { return *session_; }
  [[nodiscard]] engine::SchedulerControl& schedulers() { return *control_; }
  [[nodiscard]] engine::RunReport& report() { return report_; }
  [[nodiscard]] engine::RunObserver& observer() { return observer_; }

  // What may be left behind: every process, every cgroup and what is in the root's, the scheduler's
  // state. Empty strings never: a file that cannot be read shows its error.
  [[nodiscard]] std::string remains();
  [[nodiscard]] std::string read(const std::string& path);
  [[nodiscard]] std::string list(const std::string& path);

 private:
  engine::RunObserver observer_;
  engine::EventCollector events_{observer_};
  engine::Cancellation cancellation_;
  engine::RunReport report_;
  Topology topology_;
  TopologyView view_;
  std::unique_ptr<mock::MockMachine> machine_;
  std::unique_ptr<engine::Session> session_;
  std::unique_ptr<engine::SchedulerControl> control_;
  std::vector<engine::SchedulerChoice> choices_;
};

// Decodes what random_scenario wrote; fails the test when it does not decode.
[[nodiscard]] Scenario decoded(const std::string& text);

} // namespace schedrig::property
