// SPDX-License-Identifier: MIT
// A VM without devices.
#include "tiny_vm.hpp"

#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <utility>

#include <sys/mman.h>

#include "vmm/boot/loader.hpp"
#include "vmm/kvm_ioctl.hpp"
#include "vmm/kvm_list.hpp"
#include "vmm/vcpu_signal.hpp"

namespace schedrig::kvm {
namespace {

constexpr std::uint64_t kTinyMemoryBytes = 128U << 10;
constexpr std::size_t kMaxCpuidLeaves = 256;

// DR7 (Intel SDM vol. 3B, 17.2.4): global enable, write only, 4 bytes; bit 10 always reads 1.
constexpr std::uint64_t kDr7Slot0Write4 = 1U << 1 | 1U << 10 | 1U << 16 | 3U << 18;

} // namespace

Result<TinyVm> TinyVm::create(const std::string& device, std::span<const std::uint8_t> code) {
  GuestMemory memory = TRY(GuestMemory::create(kTinyMemoryBytes, true));
  TRY(write_boot_tables(memory));
  TRY(memory.write(kTinyCode, std::as_bytes(code)));

  UniqueFd kvm = TRY(open_kvm(device.c_str()));
  UniqueFd vm(TRY(SCHEDRIG_KVM(kvm.get(), KVM_CREATE_VM)));
  kvm_userspace_memory_region region{};
  region.memory_size = memory.size();
  region.userspace_addr = reinterpret_cast<std::uintptr_t>(memory.slice(0, memory.size()).data());
  (void)TRY(SCHEDRIG_KVM(vm.get(), KVM_SET_USER_MEMORY_REGION, &region));
  UniqueFd vcpu(TRY(SCHEDRIG_KVM(vm.get(), KVM_CREATE_VCPU, 0UL)));
  const auto run_bytes =
      static_cast<std::size_t>(TRY(SCHEDRIG_KVM(kvm.get(), KVM_GET_VCPU_MMAP_SIZE)));
  if (run_bytes < sizeof(kvm_run)) {
    return fail(StatusCode::kUnsupported,
                "KVM_GET_VCPU_MMAP_SIZE: only " + std::to_string(run_bytes) + " bytes");
  }
  void* run = ::mmap(nullptr, run_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu.get(), 0);
  if (run == MAP_FAILED) {
    return fail_errno(errno, "mmap of kvm_run");
  }
  TinyVm tiny(std::move(memory), std::move(kvm), std::move(vm), std::move(vcpu),
              static_cast<kvm_run*>(run), run_bytes);
  TRY(tiny.set_state());
  return tiny;
}

TinyVm::TinyVm(GuestMemory memory, UniqueFd kvm, UniqueFd vm, UniqueFd vcpu, kvm_run* run,
               std::size_t run_bytes) noexcept
    : memory_(std::move(memory)), kvm_(std::move(kvm)), vm_(std::move(vm)), vcpu_(std::move(vcpu)),
      run_(run), run_bytes_(run_bytes) {}

TinyVm::TinyVm(TinyVm&& other) noexcept
    : memory_(std::move(other.memory_)), kvm_(std::move(other.kvm_)), vm_(std::move(other.vm_)),
      vcpu_(std::move(other.vcpu_)), run_(std::exchange(other.run_, nullptr)),
      run_bytes_(std::exchange(other.run_bytes_, 0)) {}

TinyVm::~TinyVm() {
  if (run_ != nullptr) {
    ::munmap(run_, run_bytes_);
  }
}

Result<> TinyVm::set_state() const {
  KvmList<kvm_cpuid_entry2> leaves(kMaxCpuidLeaves);
  (void)TRY(
      kvm_ioctl(kvm_.get(), kGetSupportedCpuid, "KVM_GET_SUPPORTED_CPUID", leaves.argument()));
  (void)TRY(kvm_ioctl(vcpu_.get(), kSetCpuid2, "KVM_SET_CPUID2", leaves.argument()));
  kvm_sregs sregs{};
  (void)TRY(SCHEDRIG_KVM(vcpu_.get(), KVM_GET_SREGS, &sregs));
  set_long_mode(sregs);
  (void)TRY(SCHEDRIG_KVM(vcpu_.get(), KVM_SET_SREGS, &sregs));
  kvm_regs regs = entry_registers({.rip = kTinyCode, .boot_params = 0});
  (void)TRY(SCHEDRIG_KVM(vcpu_.get(), KVM_SET_REGS, &regs));
  return {};
}

Result<> TinyVm::watch(std::uint64_t address) {
  kvm_guest_debug debug{};
  debug.control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_HW_BP;
  debug.arch.debugreg[0] = address;
  debug.arch.debugreg[7] = kDr7Slot0Write4;
  (void)TRY(SCHEDRIG_KVM(vcpu_.get(), KVM_SET_GUEST_DEBUG, &debug));
  return {};
}

Result<> TinyVm::run(std::chrono::steady_clock::time_point deadline) {
  TRY(install_kick_handler());
  std::mutex mutex;
  std::condition_variable returned;
  bool done = false;
  int error = 0;
  std::thread thread = TRY(start_thread("kvm-probe", [&] {
    unblock_kick_signal();
    const int result = raw_kvm_ioctl(vcpu_.get(), KVM_RUN, 0);
    const std::lock_guard lock(mutex);
    error = result < 0 ? errno : 0;
    done = true;
    returned.notify_all();
  }));
  bool late = false;
  {
    std::unique_lock lock(mutex);
    late = !returned.wait_until(lock, deadline, [&] { return done; });
    while (!done) {
      __atomic_store_n(&run_->immediate_exit, 1, __ATOMIC_SEQ_CST);
      send_kick(thread.native_handle());
      returned.wait_for(lock, std::chrono::milliseconds(10));
    }
  }
  thread.join();
  if (late) {
    return fail(StatusCode::kTimeout, "the guest did not come to an end in time");
  }
  if (error != 0) {
    return fail_errno(error, "KVM_RUN");
  }
  return {};
}

std::optional<std::uint32_t> TinyVm::out_value(std::uint16_t port) const noexcept {
  if (run_->exit_reason != KVM_EXIT_IO || run_->io.direction != KVM_EXIT_IO_OUT ||
      run_->io.port != port || run_->io.count != 1 || run_->io.size > 4 ||
      run_->io.data_offset > run_bytes_ - sizeof(std::uint32_t)) {
    return std::nullopt;
  }
  std::uint32_t value = 0;
  std::memcpy(&value, reinterpret_cast<const std::byte*>(run_) + run_->io.data_offset,
              run_->io.size);
  return value;
}

Result<std::uint32_t> TinyVm::read32(Gpa gpa) const {
  std::uint32_t value = 0;
  TRY(memory_.read(gpa, std::as_writable_bytes(std::span(&value, 1))));
  return value;
}

} // namespace schedrig::kvm
