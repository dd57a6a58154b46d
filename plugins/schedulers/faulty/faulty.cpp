// SPDX-License-Identifier: MIT
// The plugin `faulty`.
#include <array>
#include <cctype>
#include <string>

#include <schedrig/sched_ext_program.hpp>

#include "plugins/schedulers/faulty/policy.hpp"

namespace {

using schedrig::ParamSpec;
using schedrig::ParamType;

constexpr std::array kParams = {
    ParamSpec{
        .type = ParamType::kString,
        .key = "fault",
        .default_value = "none",
        .doc = "none, stall, drop, insert_twice, bad_cpu, forbidden_cpu, unknown_dsq, throw, "
               "slow, error, exit, restart, init, hang or pinned_last; none is a sound scheduler"},
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

struct Program {
  static constexpr std::string_view kObject = "scx/faulty.bpf.o";

  static schedrig::Status describe(schedrig::ParamsView params,
                                   schedrig::SchedExtProgramSink& out) {
    constexpr std::int64_t kNsPerMs = 1'000'000;
    const schedrig::ParamValue* const named = schedrig::find_param(params, "fault");
    const std::string_view fault = named == nullptr ? "none" : named->text;
    if (!schedrig::faulty::fault_named(fault)) {
      return schedrig::Status::make(schedrig::StatusCode::kInvalidArgument,
                                    "fault \"" + std::string(fault) + "\" is unknown",
                                    "`schedrig plugins` lists the faults");
    }
    if (fault == "throw" || fault == "slow") { // the verifier lets neither through
      return schedrig::Status::make(schedrig::StatusCode::kUnsupported,
                                    "fault \"" + std::string(fault) +
                                        "\" is possible on a simulated machine only",
                                    "use backend = \"mock\", or another fault");
    }
    std::string enumerator = "FAULT_";
    for (const char c : fault) {
      enumerator += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
    out.on_global("fault", enumerator);
    out.on_global("after_ns", std::to_string(schedrig::param_integer(params, "after", 0)));
    out.on_global("code", std::to_string(schedrig::param_integer(params, "code", 0)));
    if (const auto* message = schedrig::find_param(params, "message")) {
      out.on_global("message", message->text);
    }
    const std::int64_t watchdog = schedrig::param_integer(params, "watchdog", 0);
    if (watchdog > 0) { // zero is the kernel's default
      out.on_ops_field("timeout_ms",
                       static_cast<std::uint64_t>((watchdog + kNsPerMs - 1) / kNsPerMs));
    }
    return {};
  }
};

using Root = schedrig::TwofoldPlugin<schedrig::faulty::Faulty, Program>;

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
