// SPDX-License-Identifier: MIT
// Fifo: one shared queue, first come, first served. Weights and wake-up latency do not matter to
// it; a busy machine shows that.
#pragma once

#include <schedrig/sim_policy_adapter.hpp>

namespace schedrig::fifo {

class Fifo final : public PolicyBase {
 public:
  explicit Fifo(ParamsView params)
      : slice_ns_(static_cast<std::uint64_t>(
            param_integer(params, "slice", static_cast<std::int64_t>(kSliceDefaultNs)))) {}

  Status on_init() override { return create_dsq(kShared); }
  void on_enqueue(const SimTask& task, std::uint64_t enq_flags) override {
    kernel().dsq_insert(task, kShared, slice_ns_, enq_flags);
  }
  void on_dispatch(std::int32_t /*cpu*/, const SimTask* /*prev*/) override {
    kernel().dsq_move_to_local(kShared);
  }

 private:
  static constexpr std::uint64_t kShared = 0;
  std::uint64_t slice_ns_;
};

} // namespace schedrig::fifo
