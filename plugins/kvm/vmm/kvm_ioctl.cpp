// SPDX-License-Identifier: MIT
// KVM ioctls with typed errors.
#include "kvm_ioctl.hpp"

#include <atomic>
#include <string>

#include <fcntl.h>
#include <sys/ioctl.h>

namespace schedrig::kvm {
namespace {

int system_ioctl(int fd, unsigned long request, unsigned long argument) noexcept {
  return ::ioctl(fd, request, argument);
}

std::atomic<IoctlCall>& ioctl_call() noexcept {
  static std::atomic<IoctlCall> call{system_ioctl};
  return call;
}

} // namespace

int raw_kvm_ioctl(int fd, unsigned long request, unsigned long argument) noexcept {
  return ioctl_call().load(std::memory_order_relaxed)(fd, request, argument);
}

IoctlCall exchange_kvm_ioctl(IoctlCall call) noexcept {
  return ioctl_call().exchange(call);
}

Result<int> kvm_ioctl(int fd, unsigned long request, const char* name, unsigned long argument) {
  int value = -1;
  do {
    value = raw_kvm_ioctl(fd, request, argument);
  } while (value < 0 && errno == EINTR);
  if (value < 0) {
    return fail_errno(errno, name);
  }
  return value;
}

Result<UniqueFd> open_kvm(const char* path) {
  UniqueFd fd(::open(path, O_RDWR | O_CLOEXEC));
  if (!fd) {
    return fail_errno(errno, std::string("open ") + path,
                      "load the kvm module, or give this user access to the device; without "
                      "hardware virtualization use `schedrig lab`");
  }
  const int version = TRY(SCHEDRIG_KVM(fd.get(), KVM_GET_API_VERSION));
  if (version != KVM_API_VERSION) {
    return fail(StatusCode::kUnsupported, std::string(path) + ": KVM API version " +
                                              std::to_string(version) + ", need " +
                                              std::to_string(KVM_API_VERSION));
  }
  return fd;
}

Result<int> check_extension(int fd, int capability) {
  return SCHEDRIG_KVM(fd, KVM_CHECK_EXTENSION, static_cast<unsigned long>(capability));
}

} // namespace schedrig::kvm
