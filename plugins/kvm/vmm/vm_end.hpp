// SPDX-License-Identifier: MIT
// VmEnd: why a guest does not run any more. Plain data, shared by vCPUs, devices and the Vm.
#pragma once

#include <cstdint>
#include <string>

namespace schedrig::kvm {

enum class VmEndKind : std::uint32_t {
  kPowerOff = 0,    // the guest switched itself off
  kReset = 1,       // the guest asked for a reset (reboot, or a panic with panic=-1)
  kTripleFault = 2, // the CPU shut down
  kKvmError = 3,    // KVM cannot go on: failed entry, internal error, KVM_RUN failed
  kHostError = 4,   // a device could not do its work on the host
};

struct VmEnd {
  VmEndKind kind = VmEndKind::kPowerOff;
  std::uint32_t vcpu = 0; // whose exit it was
  // Of that vCPU; 0 when KVM would not tell. After a triple fault on AMD it is 0xfff0: KVM resets
  // the CPU, whose state is undefined by then, before it reports it.
  std::uint64_t rip = 0;
  std::uint32_t exit_reason = 0; // KVM_EXIT_* of <linux/kvm.h>; 0 for kHostError
  std::string detail;            // one line: what was seen
};

} // namespace schedrig::kvm
