// SPDX-License-Identifier: MIT
// The one way to call KVM: every failure is an Error that names the ioctl and the errno.
//
// KVM_RUN is the exception (raw_kvm_ioctl): there EINTR is an answer, not a failure.
// Thread: any; KVM itself demands that vCPU ioctls come from the vCPU's thread once it runs.
#pragma once

#include <linux/kvm.h>

#include <schedrig/result.hpp>

#include "unique_fd.hpp"

namespace schedrig::kvm {

// The system call under every call to KVM: the ioctl's value, or -1 and errno.
using IoctlCall = int (*)(int fd, unsigned long request, unsigned long argument) noexcept;
[[nodiscard]] int raw_kvm_ioctl(int fd, unsigned long request, unsigned long argument) noexcept;

// For tests, which let the call fail where they want: replaces it in this process, returns the one
// before. Thread: any; calls that have begun are not affected.
IoctlCall exchange_kvm_ioctl(IoctlCall call) noexcept;

// Repeats on EINTR (KVM_CREATE_VM is documented to return it). Returns the ioctl's value (>= 0).
[[nodiscard]] Result<int> kvm_ioctl(int fd, unsigned long request, const char* name,
                                    unsigned long argument = 0);

template <class T>
[[nodiscard]] Result<int> kvm_ioctl(int fd, unsigned long request, const char* name, T* argument) {
  return kvm_ioctl(fd, request, name, reinterpret_cast<unsigned long>(argument));
}

// Opens the device node and checks the API version (12 since Linux 2.6.22; Documentation/virt/kvm/
// api.rst tells applications to refuse anything else).
[[nodiscard]] Result<UniqueFd> open_kvm(const char* path = "/dev/kvm");

// The value of a capability: 0 is absent. A failing KVM_CHECK_EXTENSION is an error.
[[nodiscard]] Result<int> check_extension(int fd, int capability);

} // namespace schedrig::kvm

// SCHEDRIG_KVM(fd, KVM_SET_REGS, &regs): the request's own spelling is what errors print.
#define SCHEDRIG_KVM(fd, request, ...)                                                             \
  ::schedrig::kvm::kvm_ioctl((fd), (request), #request __VA_OPT__(, ) __VA_ARGS__)
