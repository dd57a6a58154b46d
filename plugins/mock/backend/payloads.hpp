// SPDX-License-Identifier: MIT
// MachinePayloads: the payloads facet of the mock machine. A payload is one task of the simulation
// that does what its program says (work/programs.hpp). Owned by the machine. Thread: the host's.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include <schedrig/payloads.hpp>

#include "plugins/mock/files/processes.hpp"
#include "plugins/mock/work/payload_tasks.hpp"
#include "plugins/mock/work/programs.hpp"

namespace schedrig::mock {

// Final, which a declaration cannot say. NOLINTNEXTLINE(cppcoreguidelines-virtual-class-destructor)
class MockMachine;

class MachinePayloads final : public PayloadsFacet {
 public:
  MachinePayloads(MockMachine& machine, Programs programs);

  Status spawn(const PayloadSpec& spec, std::uint32_t* payload,
               std::int32_t* pid) noexcept override;
  Status start(std::uint32_t payload) noexcept override;
  Status wait(std::uint32_t payload, std::int64_t deadline_ns, PayloadWake* why) noexcept override;
  Status collect(std::uint32_t payload, PayloadReportSink& sink) noexcept override;
  Status kill(std::uint32_t payload, PayloadReportSink& sink) noexcept override;

  [[nodiscard]] PayloadTasks& tasks() { return tasks_; }
  [[nodiscard]] const PayloadTasks& tasks() const { return tasks_; }
  // The payload that a wait is for has ended; see MockMachine::on_task_dead.
  [[nodiscard]] bool awaits(TaskId id) const { return awaited_ == id; }
  // These run, and none of them is a payload that anybody can name.
  void restore(const PayloadTasks& tasks);
  // Kills and reaps all, without reports.
  void discard_all();

 private:
  struct Payload {
    bool used = false;
    bool started = false;
    std::int32_t pid = 0;
    Execution execution;
  };

  [[nodiscard]] Status find(std::uint32_t payload, std::string_view what, Payload** out);
  [[nodiscard]] Process& process(const Payload& payload);
  Status kill_and_wait(const Payload& payload);
  void report(const Payload& payload, PayloadReportSink& sink);
  void reap(Payload& payload);

  MockMachine& machine_;
  Programs programs_;
  PayloadTasks tasks_;
  std::vector<Payload> payloads_;
  TaskId awaited_ = kNoTask;
};

} // namespace schedrig::mock
