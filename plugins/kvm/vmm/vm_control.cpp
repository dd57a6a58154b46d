// SPDX-License-Identifier: MIT
// One vCPU alone: it stands still, gives its time slice up, or runs where it is told to.
#include <cerrno>
#include <string>
#include <utility>

#include <pthread.h>

#include "vm_impl.hpp"

namespace schedrig::kvm {

using std::chrono::steady_clock;

namespace {

Result<cpu_set_t> affinity_of(pthread_t thread) {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (const int error = ::pthread_getaffinity_np(thread, sizeof(set), &set); error != 0) {
    return fail_errno(error, "where the thread may run (sched_getaffinity)");
  }
  return set;
}

Result<> set_affinity(pthread_t thread, const cpu_set_t& set, const std::string& where) {
  if (const int error = ::pthread_setaffinity_np(thread, sizeof(set), &set); error != 0) {
    return fail_errno(error, "move the thread to " + where + " (sched_setaffinity)",
                      "the CPU must be online, and in the cpuset of this process");
  }
  return {};
}

std::unexpected<Error> did_not_stop(std::uint32_t vcpu, std::chrono::milliseconds timeout) {
  return fail(StatusCode::kTimeout, "vCPU " + std::to_string(vcpu) +
                                        " did not leave the guest within " +
                                        std::to_string(timeout.count()) + " ms; it goes on");
}

} // namespace

Result<> Vm::Impl::check_vcpu(std::string_view what, std::uint32_t vcpu) const {
  if (!started_ || vcpu >= vcpus_.size()) {
    return fail(StatusCode::kInvalidArgument,
                std::string(what) + (started_ ? ": there is no vCPU " + std::to_string(vcpu)
                                              : ": the machine does not run"));
  }
  return {};
}

Result<> Vm::Impl::hold(std::uint32_t vcpu, Deadline until, std::chrono::milliseconds timeout) {
  const std::lock_guard lock(control_mutex_);
  TRY(check_vcpu("stop", vcpu));
  gate_.hold(vcpu, until);
  const auto kick = [this](std::uint32_t i) { vcpus_[i]->kick(threads_[i].native_handle()); };
  if (!gate_.wait_until_stands(vcpu, steady_clock::now() + timeout, kick)) {
    gate_.release(vcpu);
    return did_not_stop(vcpu, timeout);
  }
  return {};
}

Result<> Vm::Impl::release(std::uint32_t vcpu) {
  const std::lock_guard lock(control_mutex_);
  TRY(check_vcpu("resume", vcpu));
  gate_.release(vcpu);
  return {};
}

Result<> Vm::Impl::yield(std::uint32_t vcpu, std::chrono::milliseconds timeout) {
  const std::lock_guard lock(control_mutex_);
  TRY(check_vcpu("yield", vcpu));
  gate_.yield(vcpu);
  const auto kick = [this](std::uint32_t i) { vcpus_[i]->kick(threads_[i].native_handle()); };
  return gate_.wait_until_stands(vcpu, steady_clock::now() + timeout, kick)
             ? Result<>()
             : did_not_stop(vcpu, timeout);
}

Result<> Vm::Impl::pin(std::uint32_t vcpu, std::uint32_t host_cpu) {
  const std::lock_guard lock(control_mutex_);
  TRY(check_vcpu("pin", vcpu));
  if (host_cpu >= CPU_SETSIZE) {
    return fail(StatusCode::kInvalidArgument,
                "pin: there is no CPU " + std::to_string(host_cpu) + " in this host");
  }
  const pthread_t thread = threads_[vcpu].native_handle();
  unpinned_.resize(vcpus_.size());
  const cpu_set_t before = TRY(affinity_of(thread));
  cpu_set_t only;
  CPU_ZERO(&only);
  CPU_SET(host_cpu, &only);
  TRY(set_affinity(thread, only, "CPU " + std::to_string(host_cpu)));
  if (!unpinned_[vcpu]) {
    unpinned_[vcpu] = before;
  }
  return {};
}

Result<> Vm::Impl::unpin(std::uint32_t vcpu) {
  const std::lock_guard lock(control_mutex_);
  TRY(check_vcpu("unpin", vcpu));
  if (vcpu >= unpinned_.size() || !unpinned_[vcpu]) {
    return {};
  }
  const cpu_set_t before = *std::exchange(unpinned_[vcpu], std::nullopt);
  return set_affinity(threads_[vcpu].native_handle(), before, "where it was before");
}

// The next life's threads are the same ones.
void Vm::Impl::unpin_all() {
  for (std::size_t i = 0; i < unpinned_.size(); ++i) {
    if (unpinned_[i]) {
      (void)set_affinity(threads_[i].native_handle(), *unpinned_[i], "where it was before");
    }
  }
  unpinned_.clear();
}

Result<> Vm::hold(std::uint32_t vcpu, steady_clock::time_point until,
                  std::chrono::milliseconds timeout) {
  return impl_->hold(vcpu, until, timeout);
}
Result<> Vm::release(std::uint32_t vcpu) {
  return impl_->release(vcpu);
}
Result<> Vm::yield(std::uint32_t vcpu, std::chrono::milliseconds timeout) {
  return impl_->yield(vcpu, timeout);
}
Result<> Vm::pin(std::uint32_t vcpu, std::uint32_t host_cpu) {
  return impl_->pin(vcpu, host_cpu);
}
Result<> Vm::unpin(std::uint32_t vcpu) {
  return impl_->unpin(vcpu);
}

} // namespace schedrig::kvm
