// SPDX-License-Identifier: MIT
#include "tests/contract/forked_machine.hpp"

#include <algorithm>
#include <sstream>

#include <gtest/gtest.h>

namespace schedrig::contract {
namespace {

// Under emulation on a loaded host everything takes its time.
constexpr std::int64_t kPatienceNs = 60'000'000'000;
constexpr std::int64_t kGraceNs = 20'000'000'000;

struct Pids final : PidSink {
  explicit Pids(std::vector<std::int32_t>& to) : pids(to) {}
  void on_pid(std::uint32_t /*worker*/, std::int32_t pid) noexcept override { pids.push_back(pid); }
  std::vector<std::int32_t>& pids;
};

struct Reports final : WorkerReportSink {
  void on_report(const WorkerReport& report) noexcept override {
    all.push_back(report);
    all.back().cpus_used = {};
    all.back().gaps = {};
    all.back().wake_latencies_ns = {};
  }
  std::vector<WorkerReport> all;
};

void expect_ok(const Status& status, const char* what) {
  EXPECT_TRUE(status.ok()) << what << ": " << status.message;
}

// proc(5): utime and stime, fields 14 and 15; the name in field 2 may have spaces.
std::uint64_t cpu_ticks(const std::string& stat) {
  std::istringstream fields(stat.substr(std::min(stat.rfind(')') + 1, stat.size())));
  std::string skipped;
  for (int field = 3; field < 14; ++field) {
    fields >> skipped;
  }
  std::uint64_t user = 0;
  std::uint64_t system = 0;
  fields >> user >> system;
  return user + system;
}

} // namespace

ForkedMachine::ForkedMachine(const Template& from, std::uint64_t seed)
    : forks_(*BootedMachine::get().forks()) {
  expect_ok(forks_.create_machine(from, BootedMachine::get().spec(seed), events_, &machine_),
            "create");
  if (machine_ != nullptr) {
    boot();
  }
}

ForkedMachine::~ForkedMachine() {
  if (machine_ != nullptr) {
    shut_down();
    BootedMachine::get().backend().destroy_machine(machine_);
  }
}

void ForkedMachine::boot() {
  expect_ok(machine_->boot(kPatienceNs), "boot");
}

void ForkedMachine::reset(std::uint64_t seed) {
  expect_ok(forks_.reset(*machine_, seed, kPatienceNs), "reset");
  boot();
}

Template* ForkedMachine::save() {
  Template* saved = nullptr;
  expect_ok(forks_.save(*machine_, kPatienceNs, &saved), "save");
  return saved;
}

void ForkedMachine::run_for(std::int64_t ns) {
  const std::int64_t until = machine_->now_ns() + ns;
  WakeReason reason = WakeReason::kEvent;
  while (machine_->now_ns() < until) {
    const Status status = machine_->wait_until(until, &reason);
    ASSERT_TRUE(status.ok()) << status.message;
  }
}

void ForkedMachine::run_until_worked(const std::vector<std::int32_t>& pids, std::uint64_t ticks) {
  std::vector<std::int32_t> late = pids;
  for (int i = 0; i < 600 && !late.empty(); ++i) {
    run_for(50'000'000);
    std::erase_if(late, [&](std::int32_t pid) {
      return cpu_ticks(read("/proc/" + std::to_string(pid) + "/stat")) >= ticks;
    });
  }
  EXPECT_TRUE(late.empty()) << late.size() << " of " << pids.size() << " have hardly run, pid "
                            << (late.empty() ? 0 : late.front());
}

void ForkedMachine::shut_down() {
  expect_ok(machine_->shut_down(kPatienceNs), "shut down");
}

bool ForkedMachine::exists(const std::string& path) {
  return engine::GuestFiles(*query<FilesFacet>(*machine_)).read(path).has_value();
}

std::string ForkedMachine::read(const std::string& path) {
  auto text = engine::GuestFiles(*query<FilesFacet>(*machine_)).read(path);
  EXPECT_TRUE(text) << text.error().message;
  return text.value_or("");
}

void ForkedMachine::write(const std::string& path, const std::string& data) {
  const auto done = engine::GuestFiles(*query<FilesFacet>(*machine_)).write(path, data);
  EXPECT_TRUE(done) << done.error().message;
}

void ForkedMachine::mkdir(const std::string& path) {
  const auto done = engine::GuestFiles(*query<FilesFacet>(*machine_)).mkdir(path);
  EXPECT_TRUE(done) << done.error().message;
}

std::uint32_t ForkedMachine::run_work(const WorkSpec& spec) {
  pids_.clear();
  Pids sink(pids_);
  std::uint32_t group = 0;
  expect_ok(tasks().spawn(spec, &group, sink), "spawn");
  expect_ok(tasks().start(group), "start");
  return group;
}

std::vector<WorkerReport> ForkedMachine::stop(std::uint32_t group) {
  Reports reports;
  expect_ok(tasks().stop(group, kGraceNs, reports), "stop");
  return reports.all;
}

} // namespace schedrig::contract
