// SPDX-License-Identifier: MIT
// A scheduler that does TEST_DEFECT the first time it is given a task.
#include <schedrig/sim_policy_adapter.hpp>

namespace {

int* volatile nowhere = nullptr;

class Unsound final : public schedrig::PolicyBase {
 public:
  explicit Unsound(schedrig::ParamsView /*params*/) {}

  void on_enqueue(const schedrig::SimTask& /*task*/, std::uint64_t /*enq_flags*/) override {
    TEST_DEFECT;
  }
};

} // namespace

SCHEDRIG_PLUGIN(schedrig::PluginKind::kScheduler,
                {.kind = schedrig::PluginKind::kScheduler,
                 .id = TEST_PLUGIN_ID,
                 .name = "unsound",
                 .version = "1",
                 .licence = "MIT",
                 .description = "does what no plugin may",
                 .create = schedrig::create_plugin<schedrig::PolicyPlugin<Unsound>>,
                 .destroy = schedrig::destroy_plugin<schedrig::PolicyPlugin<Unsound>>});
