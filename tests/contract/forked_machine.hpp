// SPDX-License-Identifier: MIT
// ForkedMachine: a machine that starts from a template of the backend under test, with what a case
// does to it. Shut down and destroyed at its end. Thread: the host's.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <schedrig/fork.hpp>
#include <schedrig/tasks.hpp>

#include "host/engine/guest_files.hpp"
#include "host/engine/observer.hpp"
#include "host/engine/session.hpp"
#include "tests/contract/booted_machine.hpp"

namespace schedrig::contract {

class ForkedMachine {
 public:
  // Fails the test if it does not start.
  explicit ForkedMachine(const Template& from, std::uint64_t seed = 1);
  ~ForkedMachine();
  ForkedMachine(const ForkedMachine&) = delete;
  ForkedMachine& operator=(const ForkedMachine&) = delete;

  // What a started machine needs: boot().
  void boot();
  // Back to its template and started again.
  void reset(std::uint64_t seed);
  [[nodiscard]] Template* save();
  void run_for(std::int64_t ns);
  // Until each of the processes has had that many ticks (1/100 s) of CPU time, which a slow machine
  // gives them late; fails the test after 30 s of the machine's time.
  void run_until_worked(const std::vector<std::int32_t>& pids, std::uint64_t ticks);
  void shut_down();

  [[nodiscard]] Machine& machine() { return *machine_; }
  [[nodiscard]] TasksFacet& tasks() { return *query<TasksFacet>(*machine_); }
  [[nodiscard]] bool exists(const std::string& path);
  // Fails the test with the error.
  std::string read(const std::string& path);
  void write(const std::string& path, const std::string& data);
  void mkdir(const std::string& path);

  // A group that has been started; its pids are in pids().
  std::uint32_t run_work(const WorkSpec& spec);
  [[nodiscard]] const std::vector<std::int32_t>& pids() const { return pids_; }
  std::vector<WorkerReport> stop(std::uint32_t group); // numbers only: lists are gone

 private:
  engine::RunObserver observer_;
  engine::EventCollector events_{observer_};
  ForkFacet& forks_;
  Machine* machine_ = nullptr;
  std::vector<std::int32_t> pids_;
};

} // namespace schedrig::contract
