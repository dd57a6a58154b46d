// SPDX-License-Identifier: MIT
// The scheduler twoqueues: tasks with a nice level below 0 before all others, each queue in the
// order in which they came.
#include <schedrig/sim_policy_adapter.hpp>

namespace {

using namespace schedrig;

class TwoQueues final : public PolicyBase {
 public:
  explicit TwoQueues(ParamsView /*params*/) {}

  Status on_init() override {
    const Status urgent = create_dsq(kUrgent);
    return urgent.ok() ? create_dsq(kOthers) : urgent;
  }
  void on_enqueue(const SimTask& task, std::uint64_t enq_flags) override {
    kernel().dsq_insert(task, task.nice < 0 ? kUrgent : kOthers, kSliceDefaultNs, enq_flags);
  }
  void on_dispatch(std::int32_t /*cpu*/, const SimTask* /*prev*/) override {
    if (!kernel().dsq_move_to_local(kUrgent)) {
      kernel().dsq_move_to_local(kOthers);
    }
  }

 private:
  static constexpr std::uint64_t kUrgent = 1;
  static constexpr std::uint64_t kOthers = 2;
};

using Root = PolicyPlugin<TwoQueues>;

} // namespace

SCHEDRIG_PLUGIN(schedrig::PluginKind::kScheduler, {.kind = schedrig::PluginKind::kScheduler,
                                                   .id = "twoqueues",
                                                   .name = "Two queues",
                                                   .version = "0.1.0",
                                                   .licence = "MIT",
                                                   .description = "urgent tasks first",
                                                   .create = schedrig::create_plugin<Root>,
                                                   .destroy = schedrig::destroy_plugin<Root>});
