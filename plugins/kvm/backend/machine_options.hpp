// SPDX-License-Identifier: MIT
// MachineOptions: what a machine of this backend is beside the host's spec: the plugin's
// parameters.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include <schedrig/backend.hpp>
#include <schedrig/params.hpp>
#include <schedrig/result.hpp>

#include "vmm/cpuid/vendor.hpp"

namespace schedrig::kvm {

struct MachineOptions {
  std::string agent_path;
  std::chrono::nanoseconds agent_timeout; // of each request to the agent
  std::optional<CpuVendor> vendor;        // default: the host CPU's
  bool kaslr = true;
  bool ring = false;
  std::optional<std::uint32_t> late_vcpu = std::nullopt; // a fault for tests
  std::int64_t watchdog_ns = 0; // the longest timeout of a sched_ext scheduler; 0: its own
  std::chrono::nanoseconds late_by{};
};

// The plugin's parameters, as its descriptor names them.
extern const std::array<ParamSpec, 7> kMachineParams;

// kInvalidArgument: a parameter's value.
[[nodiscard]] Result<MachineOptions> machine_options(const MachineSpec& spec,
                                                     std::string agent_path);

} // namespace schedrig::kvm
