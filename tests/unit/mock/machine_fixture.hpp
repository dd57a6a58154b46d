// SPDX-License-Identifier: MIT
// TestMachine: a mock machine with sinks that remember, for the tests of the mock backend. Drives
// it through the facets only, as the host does.
#pragma once

#include <algorithm>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <schedrig/sim_policy_adapter.hpp>

#include "plugins/mock/backend/forks.hpp"
#include "plugins/mock/backend/machine.hpp"

namespace schedrig::mock::test {

class NullServices final : public HostServices {
 public:
  void log(LogLevel /*level*/, std::string_view /*text*/) noexcept override {}
  [[nodiscard]] std::string_view plugin_directory() const noexcept override { return "/"; }
};

// A scheduler plugin as the loader would hand it over.
template <class Policy> Plugin& plugin_of() {
  static NullServices services;
  static PolicyPlugin<Policy> plugin(services);
  return plugin;
}

struct OwnedEvent {
  EventKind kind;
  std::int64_t at_ns;
  std::int64_t value;
  std::string text;
};

struct OwnedExit {
  std::int64_t kind;
  std::int64_t code;
  std::int64_t at_ns;
  std::int64_t runnable_since_ns;
  std::int32_t pid;
  std::string scheduler;
  std::string message;
  std::string help;
  std::string task;
  std::string log;
  std::string dump;
};

struct OwnedReport {
  WorkerReport report;
  std::vector<std::uint32_t> cpus;
  std::vector<Gap> gaps;
  std::vector<std::int64_t> wake_latencies_ns;
};

struct Reply {
  int error = 0;
  std::string data;
  std::int64_t at_ns = 0;
};

class TestMachine final : private EventSink,
                          private FileReplySink,
                          private PidSink,
                          private WorkerReportSink,
                          private FactSink {
 public:
  explicit TestMachine(Topology topology, std::uint64_t seed = 1, Programs programs = {},
                       Faults faults = {})
      : topology_(std::move(topology)) {
    EventSink& events = *this;
    machine_ =
        std::make_unique<MockMachine>(spec(seed), events, std::move(programs), std::move(faults));
    EXPECT_TRUE(machine().boot(1'000'000'000).ok());
  }
  // With what [backend.mock] says of the kernel; `params` outlive it.
  TestMachine(Topology topology, std::uint64_t seed, ParamsView params)
      : topology_(std::move(topology)), params_(params) {
    EventSink& events = *this;
    machine_ = std::make_unique<MockMachine>(spec(seed), events);
    EXPECT_TRUE(machine().boot(1'000'000'000).ok());
  }
  // Starts from a template, of a machine with this topology.
  TestMachine(const Template& from, Topology topology, std::uint64_t seed = 1,
              ParamsView params = {})
      : topology_(std::move(topology)), params_(params) {
    EventSink& events = *this;
    Machine* made = nullptr;
    const Status status = MockForks().create_machine(from, spec(seed), events, &made);
    EXPECT_TRUE(status.ok()) << status.message;
    machine_.reset(static_cast<MockMachine*>(made));
    EXPECT_TRUE(machine().boot(1'000'000'000).ok());
  }
  explicit TestMachine(std::uint32_t cpus) : TestMachine(Topology::uniform(1, 1, cpus, 1)) {}

  [[nodiscard]] MachineSpec spec(std::uint64_t seed) const {
    MachineSpec spec;
    spec.topology = topology_.view();
    spec.memory_bytes = 1U << 30U;
    spec.seed = seed;
    spec.params = params_;
    return spec;
  }
  [[nodiscard]] Machine& machine() { return *machine_; }
  [[nodiscard]] std::int64_t now() { return machine().now_ns(); }
  [[nodiscard]] FilesFacet& files() { return *query<FilesFacet>(machine()); }
  [[nodiscard]] TasksFacet& tasks() { return *query<TasksFacet>(machine()); }
  [[nodiscard]] PayloadsFacet& payloads() { return *query<PayloadsFacet>(machine()); }
  [[nodiscard]] AffinityFacet& affinity() { return *query<AffinityFacet>(machine()); }
  [[nodiscard]] MemPolicyFacet& mem_policy() { return *query<MemPolicyFacet>(machine()); }
  [[nodiscard]] SchedulersFacet& schedulers() { return *query<SchedulersFacet>(machine()); }

  template <class Policy> Status attach(std::string_view id, ParamsView params = {}) {
    return schedulers().attach(id, plugin_of<Policy>(), params, 1'000'000'000);
  }

  WakeReason run_for(std::int64_t ns) {
    WakeReason reason = WakeReason::kDeadline;
    EXPECT_TRUE(machine().wait_until(now() + ns, &reason).ok());
    return reason;
  }

  Reply file(FileOpKind kind, const std::string& path, const std::string& data = {}) {
    const FileOp op{.kind = kind, .path = path, .data = data};
    const Status status = files().run({&op, 1}, FileBatchMode::kAll, *this);
    EXPECT_TRUE(status.ok()) << status.message;
    return reply_;
  }
  Reply read(const std::string& path) { return file(FileOpKind::kRead, path); }
  int write(const std::string& path, const std::string& data) {
    return file(FileOpKind::kWrite, path, data).error;
  }
  int mkdir(const std::string& path) { return file(FileOpKind::kMkdir, path).error; }
  int rmdir(const std::string& path) { return file(FileOpKind::kRmdir, path).error; }

  // Spawns; the pids are in pids().
  std::uint32_t spawn(const WorkSpec& spec) {
    pids_.clear();
    std::uint32_t group = 0;
    const Status status = tasks().spawn(spec, &group, *this);
    EXPECT_TRUE(status.ok()) << status.message;
    return group;
  }
  std::uint32_t run_work(const WorkSpec& spec, const std::string& cgroup = {}) {
    const std::uint32_t group = spawn(spec);
    for (const std::int32_t pid : cgroup.empty() ? std::vector<std::int32_t>{} : pids_) {
      EXPECT_EQ(write(cgroup + "/cgroup.procs", std::to_string(pid)), 0);
    }
    EXPECT_TRUE(tasks().start(group).ok());
    return group;
  }
  std::vector<OwnedReport> stop(std::uint32_t group, std::int64_t grace_ns = 5'000'000'000) {
    reports_.clear();
    const Status status = tasks().stop(group, grace_ns, *this);
    EXPECT_TRUE(status.ok()) << status.message;
    return reports_;
  }
  [[nodiscard]] const std::vector<std::int32_t>& pids() const { return pids_; }
  [[nodiscard]] const std::vector<OwnedEvent>& events() const { return events_; }
  [[nodiscard]] std::vector<OwnedEvent> scheduler_exits() const {
    std::vector<OwnedEvent> exits;
    std::copy_if(events_.begin(), events_.end(), std::back_inserter(exits),
                 [](const OwnedEvent& each) { return each.kind == EventKind::kSchedulerExit; });
    return exits;
  }
  [[nodiscard]] const std::vector<OwnedExit>& exits() const { return exits_; }
  std::vector<std::pair<std::string, std::string>> facts() {
    facts_.clear();
    machine().describe(*this);
    return facts_;
  }
  std::string fact(std::string_view key) {
    for (const auto& [name, value] : facts()) {
      if (name == key) {
        return value;
      }
    }
    return {};
  }

 private:
  void on_event(const Event& event) noexcept override {
    events_.push_back({event.kind, event.at_ns, event.value, std::string(event.text)});
    if (const SchedulerExit* exit = event.exit; exit != nullptr) {
      exits_.push_back({exit->kind, exit->code, exit->at_ns, exit->runnable_since_ns, exit->pid,
                        std::string(exit->scheduler), std::string(exit->message),
                        std::string(exit->help), std::string(exit->task), std::string(exit->log),
                        std::string(exit->dump)});
    }
  }
  void on_reply(std::uint32_t /*index*/, const FileReply& reply) noexcept override {
    reply_ = {reply.os_errno, std::string(reply.data), reply.at_ns};
  }
  void on_pid(std::uint32_t /*worker*/, std::int32_t pid) noexcept override {
    pids_.push_back(pid);
  }
  void on_report(const WorkerReport& report) noexcept override {
    reports_.push_back({report,
                        {report.cpus_used.begin(), report.cpus_used.end()},
                        {report.gaps.begin(), report.gaps.end()},
                        {report.wake_latencies_ns.begin(), report.wake_latencies_ns.end()}});
  }
  void on_fact(std::string_view key, std::string_view value) noexcept override {
    facts_.emplace_back(key, value);
  }

  Topology topology_;
  ParamsView params_;
  std::unique_ptr<MockMachine> machine_;
  Reply reply_;
  std::vector<std::int32_t> pids_;
  std::vector<OwnedReport> reports_;
  std::vector<OwnedEvent> events_;
  std::vector<OwnedExit> exits_;
  std::vector<std::pair<std::string, std::string>> facts_;
};

inline WorkSpec work(WorkType type, std::uint32_t workers = 1) {
  WorkSpec spec;
  spec.type = type;
  spec.workers = workers;
  return spec;
}

inline const std::string kCgroups = "/sys/fs/cgroup";

} // namespace schedrig::mock::test
