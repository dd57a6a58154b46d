// SPDX-License-Identifier: MIT
// The plugin `eevdf`: on a simulated machine a policy, on a real kernel "nothing attached".
#include <array>

#include "plugins/schedulers/eevdf/policy.hpp"

namespace {

constexpr std::array kParams = {schedrig::ParamSpec{
    .type = schedrig::ParamType::kDuration,
    .key = "slice",
    .default_value = "",
    .doc = "base slice; default: the kernel's 0.7ms x (1 + log2 of the CPUs, at most 8)",
    .minimum = 100'000, // the range of debugfs sched/base_slice_ns
    .maximum = 1'000'000'000}};

using Root = schedrig::PolicyPlugin<schedrig::eevdf::Eevdf>;

} // namespace

SCHEDRIG_PLUGIN(schedrig::PluginKind::kScheduler,
                {.kind = schedrig::PluginKind::kScheduler,
                 .id = "eevdf",
                 .name = "EEVDF",
                 .version = SCHEDRIG_VERSION,
                 .licence = "MIT",
                 .description = "the kernel's default: earliest eligible virtual deadline first",
                 .params = kParams,
                 .create = schedrig::create_plugin<Root>,
                 .destroy = schedrig::destroy_plugin<Root>});
