// SPDX-License-Identifier: MIT
// MachineStopWatch: the stop watch facet, for one word only: the exit kind of the attached
// scheduler, which the simulation writes when it ejects it. Stopping there takes no virtual time.
// Part of MockMachine. Thread: the host's.
#pragma once

#include <cstdint>

#include <schedrig/stop_watch.hpp>

#include "plugins/mock/sim/task.hpp"

namespace schedrig::mock {

// Final, which a declaration cannot say. NOLINTNEXTLINE(cppcoreguidelines-virtual-class-destructor)
class MockMachine;

class MachineStopWatch final : public StopWatchFacet {
 public:
  explicit MachineStopWatch(MockMachine& machine) : machine_(machine) {}

  // The kernel writes `exit_kind`; the scheduler is still there, with all that it has.
  void on_ejecting(std::int64_t exit_kind);
  // The kind that is in memory: of a scheduler that is being ejected.
  [[nodiscard]] std::uint32_t exit_kind() const { return exit_kind_; }
  void clear() { sink_ = nullptr; }

  // kInvalidArgument also of any other word.
  Status arm(const WatchSpec& spec, StopSink& sink) noexcept override;
  Status disarm() noexcept override;

 private:
  [[nodiscard]] Status check(const WatchSpec& spec) const;
  void stop(StopSink& sink);

  MockMachine& machine_;
  WatchSpec spec_;
  StopSink* sink_ = nullptr; // null: not armed
  std::uint32_t exit_kind_ = 0;
};

} // namespace schedrig::mock
