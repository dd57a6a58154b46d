// SPDX-License-Identifier: MIT
// BootedMachine: one machine of the backend under test, booted once for the whole process, saved,
// and started from its template where there is one; used by every case. A scenario leaves the
// machine as it found it; cases check that.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <schedrig/backend.hpp>
#include <schedrig/files.hpp>
#include <schedrig/fork.hpp>
#include <schedrig/scenario.hpp>
#include <schedrig/schedulers.hpp>
#include <schedrig/tasks.hpp>

#include "host/engine/capability.hpp"
#include "host/engine/machine_handle.hpp"
#include "host/engine/observer.hpp"
#include "host/engine/run_report.hpp"
#include "host/engine/scheduler_control.hpp"
#include "host/engine/session.hpp"
#include "host/loader/registry.hpp"

namespace schedrig::contract {

// What the command line of the test asks for.
struct Options {
  std::string backend;                  // plugin name, or a path with a slash
  std::string kernel;                   // version prefix or path; empty: the newest
  bool host_topology = false;           // of this machine, instead of the suite's
  bool cold = false;                    // the machine that booted itself, no fork of it
  std::vector<std::string> plugin_dirs; // before the installation's own
};
Options& options();

// 2 LLCs of 2 cores: enough for every cpuset spec, small enough to boot quickly under emulation.
inline constexpr std::uint32_t kNodes = 1;
inline constexpr std::uint32_t kLlcs = 2;
inline constexpr std::uint32_t kCoresPerLlc = 2;
inline constexpr std::uint32_t kCpus = kLlcs * kCoresPerLlc;

class BootedMachine {
 public:
  // The process's machine; made and booted at the first call. Fails the test (and every further
  // one) with the reason when it does not come up.
  static BootedMachine& get();
  ~BootedMachine();

  [[nodiscard]] bool up() const { return session_ != nullptr; }
  [[nodiscard]] const std::string& problem() const { return problem_; }
  [[nodiscard]] engine::Session& session() { return *session_; }
  [[nodiscard]] engine::GuestFiles& files() { return session_->files(); }
  [[nodiscard]] TasksFacet& tasks() { return session_->tasks(); }
  [[nodiscard]] Machine& machine() { return **handle_; }
  // 2 LLCs of 2 CPUs, which part of the cases count on.
  [[nodiscard]] bool has_suites_shape() const { return !options().host_topology; }
  [[nodiscard]] std::uint32_t cpus() const { return cpu_count(view_); }
  // In its root cgroup.
  [[nodiscard]] bool has_controller(std::string_view name) const;
  // What the scenario needs that the backend lacks a facet for.
  [[nodiscard]] std::vector<engine::Missing> missing(const Scenario& scenario) const;
  // Whether it can attach anything but the kernel's own scheduler.
  [[nodiscard]] bool attaches_schedulers() const { return attaches_schedulers_; }
  // Whether time passes while the machine works, and while the host loads a scheduler.
  [[nodiscard]] bool has_real_clock() const { return has_real_clock_; }

  // Null: its plugin has no templates.
  [[nodiscard]] ForkFacet* forks() { return forks_; }
  // Of it right after its boot. Null: there is none, and template_problem() says why.
  [[nodiscard]] const Template* saved() const { return saved_; }
  [[nodiscard]] const std::string& template_problem() const { return template_problem_; }
  [[nodiscard]] Backend& backend() { return *backend_; }
  [[nodiscard]] MachineSpec spec(std::uint64_t seed) const;

  // Runs steps on it as `schedrig run` does. Ops may name the schedulers fifo, vtime and, of plugin
  // faulty, loses_a_task, breaks_a_rule, asks_for_restart, refuses_init.
  engine::RunReport run(const Scenario& scenario);

 private:
  BootedMachine();
  Result<> boot();
  void save();
  Result<> go_on_in_a_fork();
  Result<> load_schedulers(SchedulersFacet& facet);

  engine::RunObserver observer_;
  engine::EventCollector events_{observer_};
  engine::Cancellation cancellation_;
  Topology topology_ = Topology::uniform(kNodes, kLlcs, kCoresPerLlc, 1);
  TopologyView view_ = topology_.view();
  loader::Registry registry_;
  Backend* backend_ = nullptr;
  std::string kernel_image_;
  ForkFacet* forks_ = nullptr;
  Template* saved_ = nullptr;
  std::string template_problem_ = "the backend offers no templates";
  std::vector<std::string> controllers_;
  std::unique_ptr<engine::MachineHandle> handle_;
  std::unique_ptr<engine::Session> session_;
  std::vector<std::vector<ParamValue>> faults_; // parameters of `faulty`, in views of schedulers_
  std::vector<engine::SchedulerChoice> schedulers_;
  bool attaches_schedulers_ = false;
  bool has_real_clock_ = false;
  SchedulersFacet* schedulers_facet_ = nullptr;
  FilesFacet* files_ = nullptr;
  TasksFacet* tasks_ = nullptr;
  std::string problem_;
};

} // namespace schedrig::contract
