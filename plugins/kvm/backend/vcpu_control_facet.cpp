// SPDX-License-Identifier: MIT
#include "backend/vcpu_control_facet.hpp"

#include <string>

#include <sched.h>

#include <schedrig/export.hpp>

namespace schedrig::kvm {
namespace {

// A kick takes microseconds; on a host that is loaded, or emulated, some seconds at the worst.
constexpr std::chrono::milliseconds kStopTimeout{10'000};

std::vector<std::uint32_t> cpus_of_this_process() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<std::uint32_t> cpus;
  if (::sched_getaffinity(0, sizeof(set), &set) == 0) { // else none, and nothing can be pinned
    for (std::uint32_t cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
      if (CPU_ISSET(cpu, &set)) {
        cpus.push_back(cpu);
      }
    }
  }
  return cpus;
}

} // namespace

VmVcpuControl::VmVcpuControl(Vm& vm, const MachineClock& clock)
    : vm_(vm), clock_(clock), pool_(cpus_of_this_process()) {}

Status VmVcpuControl::stop(std::uint32_t vcpu, std::int64_t until_ns) noexcept {
  return guard("stop", [&] {
    const auto until = until_ns == INT64_MAX
                           ? Deadline::max()
                           : after(std::chrono::nanoseconds(until_ns - clock_.now_ns()));
    return vm_.hold(vcpu, until, kStopTimeout);
  });
}

Status VmVcpuControl::resume(std::uint32_t vcpu) noexcept {
  return guard("resume", [&] { return vm_.release(vcpu); });
}

Status VmVcpuControl::yield(std::uint32_t vcpu) noexcept {
  return guard("yield", [&] { return vm_.yield(vcpu, kStopTimeout); });
}

Status VmVcpuControl::pin(std::uint32_t vcpu, std::uint32_t physical_cpu) noexcept {
  return guard("pin", [&]() -> Result<> {
    if (physical_cpu >= pool_.size()) {
      return fail(StatusCode::kInvalidArgument,
                  "pin: there is no physical CPU " + std::to_string(physical_cpu));
    }
    return vm_.pin(vcpu, pool_[physical_cpu]);
  });
}

Status VmVcpuControl::unpin(std::uint32_t vcpu) noexcept {
  return guard("unpin", [&] { return vm_.unpin(vcpu); });
}

} // namespace schedrig::kvm
