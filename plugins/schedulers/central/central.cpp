// SPDX-License-Identifier: MIT
// The plugin `central`.
#include <array>
#include <string>

#include <schedrig/sched_ext_program.hpp>
#include <schedrig/topology.hpp>

#include "plugins/schedulers/central/policy.hpp"

namespace {

constexpr std::array kParams = {
    schedrig::ParamSpec{.type = schedrig::ParamType::kInteger,
                        .key = "cpu",
                        .default_value = "0",
                        .doc = "the CPU that decides; 0 is there on every machine",
                        .minimum = 0,
                        .maximum = schedrig::kMaxCpus - 1},
    schedrig::ParamSpec{
        .type = schedrig::ParamType::kDuration,
        .key = "slice",
        .default_value = "20ms",
        .doc = "time after which a task makes room for one that waits; 20ms is SCX_SLICE_DFL",
        .minimum = 1'000'000, // the period of the timer that looks
        .maximum = 1'000'000'000}};

struct Program {
  static constexpr std::string_view kObject = "scx/central.bpf.o";
  static void describe(schedrig::ParamsView params, schedrig::SchedExtProgramSink& out) {
    out.on_global("central_cpu", std::to_string(schedrig::param_integer(params, "cpu", 0)));
    out.on_global("slice_ns", std::to_string(schedrig::param_integer(params, "slice", 0)));
  }
};

using Root = schedrig::TwofoldPlugin<schedrig::central::Central, Program>;

} // namespace

SCHEDRIG_PLUGIN(schedrig::PluginKind::kScheduler,
                {.kind = schedrig::PluginKind::kScheduler,
                 .id = "central",
                 .name = "Central",
                 .version = SCHEDRIG_VERSION,
                 .licence = "MIT",
                 .description = "one CPU decides for all, the others run without a tick's help",
                 .params = kParams,
                 .create = schedrig::create_plugin<Root>,
                 .destroy = schedrig::destroy_plugin<Root>});
