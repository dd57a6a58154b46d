// SPDX-License-Identifier: MIT
// A FIFO whose author says what its runs are held to. TEST_CHECKS: lines of [checks].
#include <schedrig/sim_policy_adapter.hpp>

namespace {

class Strict final : public schedrig::PolicyBase {
 public:
  static constexpr std::string_view kCheckDefaults = TEST_CHECKS;

  explicit Strict(schedrig::ParamsView /*params*/) {}

  void on_enqueue(const schedrig::SimTask& task, std::uint64_t enq_flags) override {
    kernel().dsq_insert(task, schedrig::kDsqGlobal, schedrig::kSliceDefaultNs, enq_flags);
  }
};

} // namespace

SCHEDRIG_PLUGIN(schedrig::PluginKind::kScheduler,
                {.kind = schedrig::PluginKind::kScheduler,
                 .id = TEST_PLUGIN_ID,
                 .name = "strict",
                 .version = "1",
                 .licence = "MIT",
                 .description = "asks for checks",
                 .create = schedrig::create_plugin<schedrig::PolicyPlugin<Strict>>,
                 .destroy = schedrig::destroy_plugin<schedrig::PolicyPlugin<Strict>>});
