// SPDX-License-Identifier: MIT
// What the host takes from vCPUs: schedstat's second number of a thread is the time that it waited
// on a run queue, ns (Documentation/scheduler/sched-stats.rst).
#include <fstream>
#include <string>

#include "vm_impl.hpp"

namespace schedrig::kvm {

Result<std::chrono::nanoseconds> Vm::stolen(std::uint32_t vcpu) const {
  if (vcpu >= impl_->vcpus_.size() || impl_->vcpus_[vcpu]->thread_id() == 0) {
    return fail(StatusCode::kInvalidArgument,
                "stolen: vCPU " + std::to_string(vcpu) + " is not there or has not run");
  }
  const std::string path =
      "/proc/self/task/" + std::to_string(impl_->vcpus_[vcpu]->thread_id()) + "/schedstat";
  std::ifstream file(path);
  std::int64_t ran_ns = 0;
  std::int64_t waited_ns = 0;
  if (!(file >> ran_ns >> waited_ns)) {
    return fail(StatusCode::kUnsupported, path + " cannot be read",
                "the host's kernel needs CONFIG_SCHED_INFO");
  }
  return std::chrono::nanoseconds(waited_ns);
}

} // namespace schedrig::kvm
