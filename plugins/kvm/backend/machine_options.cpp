// SPDX-License-Identifier: MIT
#include "backend/machine_options.hpp"

namespace schedrig::kvm {
namespace {

constexpr std::int64_t kDefaultAgentTimeoutNs = 30'000'000'000;
constexpr std::int64_t kDefaultLateByNs = 5'000'000'000; // longer than any freeze waits

std::optional<std::uint32_t> late_vcpu_from(ParamsView params) {
  const ParamValue* param = find_param(params, "late_vcpu");
  return param == nullptr ? std::nullopt
                          : std::optional(static_cast<std::uint32_t>(param->integer));
}

Result<std::optional<CpuVendor>> vendor_from(ParamsView params) {
  const ParamValue* param = find_param(params, "cpu_vendor");
  if (param == nullptr || param->text == "host") {
    return std::nullopt;
  }
  if (param->text == "intel") {
    return CpuVendor::kIntel;
  }
  if (param->text == "amd") {
    return CpuVendor::kAmd;
  }
  return fail(StatusCode::kInvalidArgument, "cpu_vendor is '" + std::string(param->text) + "'",
              "use host, intel or amd");
}

} // namespace

constexpr std::array<ParamSpec, 7> kMachineParams = {{
    {.type = ParamType::kDuration,
     .key = "agent_timeout",
     .default_value = "30s",
     .doc = "limit of each request to the guest agent; an emulated host needs seconds",
     .minimum = 1'000'000,
     .maximum = 3'600'000'000'000},
    {.type = ParamType::kString,
     .key = "cpu_vendor",
     .default_value = "host",
     .doc = "whose CPUID leaves guests get: host, intel or amd; a kernel expects the host's"},
    {.type = ParamType::kBool,
     .key = "kaslr",
     .default_value = "true",
     .doc = "false: guests get nokaslr, so that their kernel runs where it was linked to"},
    {.type = ParamType::kDuration,
     .key = "late_by",
     .default_value = "5s",
     .doc = "how much longer late_vcpu takes to stand still",
     .minimum = 1,
     .maximum = 60'000'000'000},
    {.type = ParamType::kInteger,
     .key = "late_vcpu",
     .default_value = {},
     .doc = "a fault, to see what a run makes of it: this vCPU comes late to freeze windows",
     .minimum = 0,
     .maximum = 511},
    {.type = ParamType::kBool,
     .key = "ring.enabled",
     .default_value = "false",
     .doc = "true: programs in the guest find a submission ring; most scenarios need none"},
    {.type = ParamType::kDuration,
     .key = "watchdog",
     .default_value = {},
     .doc = "the most that a runnable task may wait under a sched_ext scheduler, in its vCPUs' own "
            "time; by default what the scheduler asks for, in the guest's",
     .minimum = 100'000'000,
     .maximum = 30'000'000'000},
}};

Result<MachineOptions> machine_options(const MachineSpec& spec, std::string agent_path) {
  return MachineOptions{
      .agent_path = std::move(agent_path),
      .agent_timeout = std::chrono::nanoseconds(
          param_integer(spec.params, "agent_timeout", kDefaultAgentTimeoutNs)),
      .vendor = TRY(vendor_from(spec.params)),
      .kaslr = param_integer(spec.params, "kaslr", 1) != 0,
      .ring = param_integer(spec.params, "ring.enabled", 0) != 0,
      .late_vcpu = late_vcpu_from(spec.params),
      .watchdog_ns = param_integer(spec.params, "watchdog", 0),
      .late_by = std::chrono::nanoseconds(param_integer(spec.params, "late_by", kDefaultLateByNs))};
}

} // namespace schedrig::kvm
