// SPDX-License-Identifier: MIT
// Faulty: a FIFO scheduler that breaks one rule of sched_ext, once, some time after it was
// attached: what a rig is tested with. Until then it is sound.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <schedrig/sim_policy_adapter.hpp>

namespace schedrig::faulty {

enum class Fault : std::uint32_t {
  kNone,
  kStall,
  kDrop,
  kInsertTwice,
  kBadCpu,
  kForbiddenCpu,
  kUnknownDsq,
  kThrow,
  kSlow,
  kError,
  kExit,
  kRestart,
  kInit,
  kHang,
  kPinnedLast
};

struct FaultInfo {
  std::string_view name; // as given in the parameter `fault`
  std::string_view doc;
};

// In the order of Fault.
inline constexpr std::array<FaultInfo, 15> kFaults = {{
    {"none", "no fault"},
    {"stall", "tasks stay in the queue, nothing is dispatched any more"},
    {"drop", "a task that is enqueued is put nowhere"},
    {"insert_twice", "a task is inserted into two queues"},
    {"bad_cpu", "a task goes to the local queue of a CPU that does not exist"},
    {"forbidden_cpu", "a task goes to the local queue of a CPU outside its mask"},
    {"unknown_dsq", "a task goes to a queue that was never created"},
    {"throw", "a callback throws an exception"},
    {"slow", "a callback takes 25 s"},
    {"error", "the scheduler reports an error (scx_bpf_error)"},
    {"exit", "the scheduler ends by itself (scx_bpf_exit)"},
    {"restart", "the scheduler ends by itself and asks to be started anew"},
    {"init", "init fails: the scheduler cannot be attached"},
    {"hang", "the exit callback takes 13 s: a detach hangs that long (real kernels only)"},
    {"pinned_last", "tasks with one CPU only wait until no other wants it (real kernels only)"},
}};

[[nodiscard]] std::optional<Fault> fault_named(std::string_view name);

class Faulty final : public PolicyBase {
 public:
  explicit Faulty(ParamsView params);

  [[nodiscard]] SimOps on_ops() const override;
  Status on_init() override;
  std::int32_t on_select_cpu(const SimTask& task, std::int32_t prev_cpu,
                             std::uint64_t wake_flags) override;
  void on_enqueue(const SimTask& task, std::uint64_t enq_flags) override;
  void on_dispatch(std::int32_t cpu, const SimTask* prev) override;
  void on_timer() override;

 private:
  [[nodiscard]] bool due(Fault fault) const;
  // Whether the fault was committed; the task is then no longer to be enqueued.
  bool commit_on(const SimTask& task, std::uint64_t enq_flags);
  bool insert_outside_mask(const SimTask& task, std::uint64_t enq_flags);

  std::string fault_name_;
  std::optional<Fault> fault_;
  std::int64_t after_ns_;
  std::int64_t watchdog_ns_;
  std::int64_t code_;
  std::string message_;
  std::int64_t due_at_ns_ = 0;
  bool committed_ = false;
};

} // namespace schedrig::faulty
