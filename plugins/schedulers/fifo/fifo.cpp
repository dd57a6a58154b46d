// SPDX-License-Identifier: MIT
// The plugin `fifo`.
#include <array>
#include <string>

#include <schedrig/sched_ext_program.hpp>

#include "plugins/schedulers/fifo/policy.hpp"

namespace {

constexpr std::array kParams = {schedrig::ParamSpec{
    .type = schedrig::ParamType::kDuration,
    .key = "slice",
    .default_value = "20ms",
    .doc = "time a task runs before the next in the queue; 20ms is sched_ext's SCX_SLICE_DFL",
    .minimum = 100'000, // shorter than a tenth of a millisecond is mostly switching
    .maximum = 1'000'000'000}};

struct Program {
  static constexpr std::string_view kObject = "scx/fifo.bpf.o";
  static void describe(schedrig::ParamsView params, schedrig::SchedExtProgramSink& out) {
    out.on_global("slice_ns", std::to_string(schedrig::param_integer(params, "slice", 0)));
  }
};

using Root = schedrig::TwofoldPlugin<schedrig::fifo::Fifo, Program>;

} // namespace

SCHEDRIG_PLUGIN(schedrig::PluginKind::kScheduler,
                {.kind = schedrig::PluginKind::kScheduler,
                 .id = "fifo",
                 .name = "FIFO",
                 .version = SCHEDRIG_VERSION,
                 .licence = "MIT",
                 .description = "one shared queue, first come, first served",
                 .params = kParams,
                 .create = schedrig::create_plugin<Root>,
                 .destroy = schedrig::destroy_plugin<Root>});
