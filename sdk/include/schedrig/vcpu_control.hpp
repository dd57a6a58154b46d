// SPDX-License-Identifier: MIT
// The vCPU control facet: what scheduling commands (sched_op.hpp) need done to a machine's CPUs. It
// knows no command, no event and no domain: it stops one CPU, lets it go on, and says where it may
// run.
//
// Physical CPUs are numbered from 0 within the machine's pool: those that its vCPUs may run on. A
// vCPU that stands still does nothing for the guest; freeze windows, saves and shutting down do not
// wait for it. kInvalidArgument: a vCPU or a physical CPU that there is not. Thread: host.
#pragma once

#include <cstdint>
#include <string_view>

#include <schedrig/status.hpp>

namespace schedrig {

class VcpuControlFacet {
 public:
  static constexpr std::string_view kInterfaceId = "schedrig.vcpu_control/1";

  // [host-thread] The size of the pool; the same for the machine's whole life.
  virtual std::uint32_t physical_cpus() noexcept = 0;

  // [host-thread] The vCPU stands still when this returns, until resume() or until the machine's
  // clock reads until_ns, whichever is first; INT64_MAX: until resume(). Of one that stands still
  // already: the new time. The time counts as stolen from the guest. kTimeout: it did not stop, and
  // runs.
  virtual Status stop(std::uint32_t vcpu, std::int64_t until_ns) noexcept = 0;

  // [host-thread] Lets it go on; one that runs runs on.
  virtual Status resume(std::uint32_t vcpu) noexcept = 0;

  // [host-thread] Gives up, once, what is left of its physical CPU's time slice.
  virtual Status yield(std::uint32_t vcpu) noexcept = 0;

  // [host-thread] It runs on that physical CPU alone, beside others that are pinned there.
  virtual Status pin(std::uint32_t vcpu, std::uint32_t physical_cpu) noexcept = 0;

  // [host-thread] Where it may run is as before the first pin().
  virtual Status unpin(std::uint32_t vcpu) noexcept = 0;

 protected:
  ~VcpuControlFacet() = default;
};

} // namespace schedrig
