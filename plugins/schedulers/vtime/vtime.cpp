// SPDX-License-Identifier: MIT
// The plugin `vtime`.
#include <array>
#include <string>

#include <schedrig/sched_ext_program.hpp>

#include "plugins/schedulers/vtime/policy.hpp"

namespace {

constexpr std::array kParams = {schedrig::ParamSpec{
    .type = schedrig::ParamType::kDuration,
    .key = "slice",
    .default_value = "20ms",
    .doc = "time a task runs before the queue is asked again; 20ms is sched_ext's SCX_SLICE_DFL",
    .minimum = 100'000, // shorter than a tenth of a millisecond is mostly switching
    .maximum = 1'000'000'000}};

struct Program {
  static constexpr std::string_view kObject = "scx/vtime.bpf.o";
  static void describe(schedrig::ParamsView params, schedrig::SchedExtProgramSink& out) {
    out.on_global("slice_ns", std::to_string(schedrig::param_integer(params, "slice", 0)));
  }
};

using Root = schedrig::TwofoldPlugin<schedrig::vtime::Vtime, Program>;

} // namespace

SCHEDRIG_PLUGIN(schedrig::PluginKind::kScheduler,
                {.kind = schedrig::PluginKind::kScheduler,
                 .id = "vtime",
                 .name = "Virtual time",
                 .version = SCHEDRIG_VERSION,
                 .licence = "MIT",
                 .description = "one shared queue, weighted: least virtual time first",
                 .params = kParams,
                 .create = schedrig::create_plugin<Root>,
                 .destroy = schedrig::destroy_plugin<Root>});
