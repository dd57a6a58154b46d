// SPDX-License-Identifier: MIT
// What the planted policies have in common: a bug that is there or is not, and a watchdog.
#pragma once

#include <cstdint>

#include <schedrig/sim_policy_adapter.hpp>

namespace schedrig::planted {

struct Options {
  bool buggy = true;
  std::int64_t watchdog_ns = 0; // 0: the kernel's default
};

class PlantedPolicy : public PolicyBase {
 public:
  explicit PlantedPolicy(const Options& options) : options_(options) {}

  [[nodiscard]] SimOps on_ops() const override {
    SimOps ops;
    ops.timeout_ns = options_.watchdog_ns;
    return ops;
  }
  // Everything goes through on_enqueue, where the bugs are.
  std::int32_t on_select_cpu(const SimTask& /*task*/, std::int32_t prev_cpu,
                             std::uint64_t /*wake_flags*/) override {
    return prev_cpu;
  }

 protected:
  [[nodiscard]] bool buggy() const { return options_.buggy; }
  [[nodiscard]] static bool may_use(const SimTask& task, std::uint32_t cpu) {
    return ((task.cpus_allowed[cpu / 64] >> (cpu % 64)) & 1U) != 0;
  }

 private:
  Options options_;
};

} // namespace schedrig::planted
