// SPDX-License-Identifier: MIT
// A scheduler that does TEST_DEFECT the first time it is given a task, or where it is attached:
// TEST_DEFECT_OF_OPS, TEST_DEFECT_OF_INIT.
#include <cstdlib>
#include <stdexcept>

#include <schedrig/sim_policy_adapter.hpp>

namespace {

[[maybe_unused]] int* volatile nowhere = nullptr;

class Unsound final : public schedrig::PolicyBase {
 public:
  explicit Unsound(schedrig::ParamsView /*params*/) {}

#ifdef TEST_DEFECT_OF_OPS
  [[nodiscard]] schedrig::SimOps on_ops() const override { TEST_DEFECT_OF_OPS; }
#endif
#ifdef TEST_DEFECT_OF_INIT
  schedrig::Status on_init() override { TEST_DEFECT_OF_INIT; }
#endif
#ifdef TEST_DEFECT
  void on_enqueue(const schedrig::SimTask& /*task*/, std::uint64_t /*enq_flags*/) override {
    TEST_DEFECT;
  }
#endif
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
