// SPDX-License-Identifier: MIT
// Whether this host's KVM can watch whole pages: guests write to words of a page that is
// write-protected in the host's mapping. KVM_RUN fails with EFAULT then; the writer takes one step
// alone, with the page open, and the words are compared. Exact if every write is one such step,
// from as many vCPUs as there are.
//
//   page_watch_program [WRITES_OF_EACH_VCPU]
//
// Prints for 1 and for 4 vCPUs what was counted and what a write costs; exit status 1 if a write
// was missed. docs/performance.md has what it printed.
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <sys/mman.h>

#include "vmm/boot/loader.hpp"
#include "vmm/guest_memory.hpp"
#include "vmm/kvm_ioctl.hpp"
#include "vmm/kvm_list.hpp"
#include "vmm/kvm_system.hpp"
#include "vmm/vcpu_signal.hpp"

namespace {

using namespace schedrig;
using namespace schedrig::kvm;

constexpr Gpa kCode = 0x10000;
constexpr Gpa kPage = 0x18000;
constexpr std::uint64_t kMemoryBytes = 128 << 10;
constexpr std::size_t kWords = 16;
constexpr std::size_t kVcpus = 4;

// In turn each of the words, ecx times in all: xor esi,esi; 1: lock inc dword [rbx+rsi*4];
// inc esi; and esi,15; dec ecx; jnz 1b; out 0x10,al; hlt.
constexpr std::array<std::uint8_t, 18> kCodeBytes = {0x31, 0xf6, 0xf0, 0xff, 0x04, 0xb3,
                                                     0xff, 0xc6, 0x83, 0xe6, 0x0f, 0xff,
                                                     0xc9, 0x75, 0xf3, 0xe6, 0x10, 0xf4};

struct OneVcpu {
  UniqueFd fd;
  kvm_run* run = nullptr;
  std::thread thread;
  bool in_guest = false;
};

class Machine {
 public:
  Machine(GuestMemory memory, std::uint32_t writes) : memory_(std::move(memory)), writes_(writes) {}

  Result<> set_up(std::size_t vcpus) {
    TRY(write_boot_tables(memory_));
    TRY(memory_.write(kCode, std::as_bytes(std::span(kCodeBytes))));
    kvm_ = TRY(open_kvm());
    vm_ = UniqueFd(TRY(SCHEDRIG_KVM(kvm_.get(), KVM_CREATE_VM)));
    kvm_userspace_memory_region region{};
    region.memory_size = memory_.size();
    region.userspace_addr = reinterpret_cast<std::uintptr_t>(memory_.base());
    (void)TRY(SCHEDRIG_KVM(vm_.get(), KVM_SET_USER_MEMORY_REGION, &region));
    const auto cpuid = TRY(supported_cpuid(kvm_.get()));
    const auto run_bytes =
        static_cast<std::size_t>(TRY(SCHEDRIG_KVM(kvm_.get(), KVM_GET_VCPU_MMAP_SIZE)));
    for (std::size_t i = 0; i < vcpus; ++i) {
      TRY(add_vcpu(i, cpuid, run_bytes));
    }
    protect(true);
    return {};
  }

  // How long all of them took.
  std::chrono::nanoseconds run() {
    const auto start = std::chrono::steady_clock::now();
    {
      const std::lock_guard lock(mutex_); // nobody enters, nor kicks, before all have a thread
      for (std::size_t i = 0; i < vcpus_.size(); ++i) {
        vcpus_[i].thread = std::thread([this, i] { thread(i); });
      }
    }
    for (OneVcpu& vcpu : vcpus_) {
      vcpu.thread.join();
    }
    return std::chrono::steady_clock::now() - start;
  }

  [[nodiscard]] std::uint64_t counted() const { return counted_; }
  [[nodiscard]] std::uint64_t steps() const { return steps_; }
  [[nodiscard]] std::uint64_t odd() const { return odd_; }
  [[nodiscard]] const std::string& failure() const { return failure_; }

 private:
  Result<> add_vcpu(std::size_t index, std::span<const kvm_cpuid_entry2> cpuid,
                    std::size_t run_bytes) {
    OneVcpu vcpu;
    vcpu.fd = UniqueFd(TRY(SCHEDRIG_KVM(vm_.get(), KVM_CREATE_VCPU, index)));
    void* run = ::mmap(nullptr, run_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu.fd.get(), 0);
    if (run == MAP_FAILED) {
      return fail_errno(errno, "mmap of kvm_run");
    }
    vcpu.run = static_cast<kvm_run*>(run); // until the process ends
    KvmList<kvm_cpuid_entry2> leaves(cpuid);
    (void)TRY(kvm_ioctl(vcpu.fd.get(), kSetCpuid2, "KVM_SET_CPUID2", leaves.argument()));
    kvm_sregs sregs{};
    (void)TRY(SCHEDRIG_KVM(vcpu.fd.get(), KVM_GET_SREGS, &sregs));
    set_long_mode(sregs);
    (void)TRY(SCHEDRIG_KVM(vcpu.fd.get(), KVM_SET_SREGS, &sregs));
    kvm_regs regs = entry_registers({.rip = kCode, .boot_params = 0});
    regs.rbx = kPage;
    regs.rcx = writes_;
    (void)TRY(SCHEDRIG_KVM(vcpu.fd.get(), KVM_SET_REGS, &regs));
    vcpus_.push_back(std::move(vcpu));
    return {};
  }

  void protect(bool on) const {
    if (::mprotect(memory_.base() + kPage, kPageSize, on ? PROT_READ : PROT_READ | PROT_WRITE) !=
        0) {
      std::abort();
    }
  }

  void give_up(const std::string& why) {
    const std::lock_guard lock(mutex_);
    failure_ = failure_.empty() ? why : failure_;
  }

  void thread(std::size_t index) {
    unblock_kick_signal();
    OneVcpu& vcpu = vcpus_[index];
    while (enter(vcpu)) {
      const int result = raw_kvm_ioctl(vcpu.fd.get(), KVM_RUN, 0);
      const int error = result < 0 ? errno : 0;
      leave(vcpu);
      if (error == EINTR) {
        continue;
      }
      if (error == EFAULT) {
        step(index);
        continue;
      }
      if (error != 0 || vcpu.run->exit_reason != KVM_EXIT_IO) {
        give_up("KVM_RUN: errno " + std::to_string(error) + ", exit " +
                std::to_string(vcpu.run->exit_reason));
      }
      return;
    }
  }

  bool enter(OneVcpu& vcpu) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !alone_; });
    __atomic_store_n(&vcpu.run->immediate_exit, 0, __ATOMIC_SEQ_CST);
    vcpu.in_guest = true;
    return failure_.empty();
  }
  void leave(OneVcpu& vcpu) {
    const std::lock_guard lock(mutex_);
    vcpu.in_guest = false;
    changed_.notify_all();
  }

  // The others stand still meanwhile.
  void step(std::size_t index) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return !alone_; });
      alone_ = true;
      while (kick_others()) {
        changed_.wait_for(lock, std::chrono::milliseconds(10));
      }
    }
    protect(false);
    step_once(vcpus_[index]);
    compare();
    protect(true);
    const std::lock_guard lock(mutex_);
    alone_ = false;
    changed_.notify_all();
  }

  bool kick_others() {
    bool any = false;
    for (OneVcpu& vcpu : vcpus_) {
      if (vcpu.in_guest) {
        __atomic_store_n(&vcpu.run->immediate_exit, 1, __ATOMIC_SEQ_CST);
        send_kick(vcpu.thread.native_handle());
        any = true;
      }
    }
    return any;
  }

  void step_once(OneVcpu& vcpu) {
    constexpr std::uint32_t kBlockIrq = 0x00100000; // KVM_GUESTDBG_BLOCKIRQ, Linux 5.15
    kvm_guest_debug debug{};
    debug.control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP | kBlockIrq;
    int result =
        raw_kvm_ioctl(vcpu.fd.get(), KVM_SET_GUEST_DEBUG, reinterpret_cast<std::uintptr_t>(&debug));
    do {
      __atomic_store_n(&vcpu.run->immediate_exit, 0, __ATOMIC_SEQ_CST);
      result = result == 0 || errno == EINTR ? raw_kvm_ioctl(vcpu.fd.get(), KVM_RUN, 0) : result;
    } while (result < 0 && errno == EINTR);
    ++steps_;
    if (result < 0 || vcpu.run->exit_reason != KVM_EXIT_DEBUG) {
      give_up("the step: " + std::string(result < 0 ? std::strerror(errno) : "exit ") +
              std::to_string(vcpu.run->exit_reason));
    }
    debug = {};
    (void)raw_kvm_ioctl(vcpu.fd.get(), KVM_SET_GUEST_DEBUG,
                        reinterpret_cast<std::uintptr_t>(&debug));
  }

  void compare() {
    std::array<std::uint32_t, kWords> now{};
    std::memcpy(now.data(), memory_.base() + kPage, sizeof now);
    for (std::size_t i = 0; i < kWords; ++i) {
      counted_ += now[i] != last_[i] ? 1 : 0;
      odd_ += now[i] - last_[i] > 1 ? 1 : 0;
    }
    last_ = now;
  }

  GuestMemory memory_;
  std::uint32_t writes_;
  UniqueFd kvm_;
  UniqueFd vm_;
  std::vector<OneVcpu> vcpus_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool alone_ = false;
  std::string failure_;
  // Of the one that is alone.
  std::array<std::uint32_t, kWords> last_{};
  std::uint64_t counted_ = 0;
  std::uint64_t steps_ = 0;
  std::uint64_t odd_ = 0; // more than one write in a step
};

bool try_out(std::size_t vcpus, std::uint32_t writes) {
  auto memory = GuestMemory::create(kMemoryBytes, true);
  if (!memory) {
    std::printf("%s\n", memory.error().message.c_str());
    return false;
  }
  Machine machine(*std::move(memory), writes);
  if (auto made = machine.set_up(vcpus); !made) {
    std::printf("%s\n", made.error().message.c_str());
    return false;
  }
  const auto took = machine.run();
  const std::uint64_t wanted = vcpus * writes;
  std::printf(
      "%zu vCPUs, %zu words of a page: %llu writes, %llu counted, %llu steps, %.1f us each%s\n",
      vcpus, kWords, static_cast<unsigned long long>(wanted),
      static_cast<unsigned long long>(machine.counted()),
      static_cast<unsigned long long>(machine.steps()),
      static_cast<double>(took.count()) / 1000 / static_cast<double>(wanted),
      machine.failure().empty() ? "" : (", " + machine.failure()).c_str());
  return machine.failure().empty() && machine.counted() == wanted && machine.odd() == 0;
}

} // namespace

int main(int argc, char** argv) {
  std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ); // whatever ends it, what it found is seen
  const std::uint32_t writes =
      argc > 1 ? static_cast<std::uint32_t>(std::strtoul(argv[1], nullptr, 10)) : 1000;
  if (writes == 0 || !install_kick_handler()) {
    return 2;
  }
  const bool one = try_out(1, writes);
  const bool four = try_out(kVcpus, writes);
  return one && four ? 0 : 1;
}
