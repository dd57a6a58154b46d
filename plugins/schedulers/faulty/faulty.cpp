// SPDX-License-Identifier: MIT
// The plugin `faulty`.
#include <array>

#include "plugins/schedulers/faulty/policy.hpp"

namespace {

using schedrig::ParamSpec;
using schedrig::ParamType;

constexpr std::array kParams = {
    ParamSpec{.type = ParamType::kString,
              .key = "fault",
              .default_value = "none",
              .doc = "none, stall, drop, insert_twice, bad_cpu, forbidden_cpu, unknown_dsq, throw, "
                     "slow, error, exit, restart or init; none is a sound scheduler"},
    ParamSpec{.type = ParamType::kDuration,
              .key = "after",
              .default_value = "1s",
              .doc = "from attach to the fault; by 1s every worker of a scenario has run",
              .minimum = 0,
              .maximum = 3'600'000'000'000},
    ParamSpec{.type = ParamType::kDuration,
              .key = "watchdog",
              .default_value = "30s",
              .doc = "the watchdog's timeout; 30s is the kernel's default and the most it allows",
              .minimum = 1'000'000,
              .maximum = 30'000'000'000},
    ParamSpec{.type = ParamType::kInteger,
              .key = "code",
              .default_value = "0",
              .doc = "low part of the exit code of exit and restart; 0 says nothing",
              .minimum = 0,
              .maximum = 0x7FFFFFFF},
    ParamSpec{.type = ParamType::kString,
              .key = "message",
              .default_value = "asked to by its parameters",
              .doc = "what throw, error, exit and restart say"},
};

using Root = schedrig::PolicyPlugin<schedrig::faulty::Faulty>;

} // namespace

SCHEDRIG_PLUGIN(schedrig::PluginKind::kScheduler,
                {.kind = schedrig::PluginKind::kScheduler,
                 .id = "faulty",
                 .name = "Faulty",
                 .version = SCHEDRIG_VERSION,
                 .licence = "MIT",
                 .description = "breaks one rule of sched_ext when told to",
                 .params = kParams,
                 .create = schedrig::create_plugin<Root>,
                 .destroy = schedrig::destroy_plugin<Root>});
