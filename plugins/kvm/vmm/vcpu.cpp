// SPDX-License-Identifier: MIT
// The vCPU's run loop and its exits.
#include "vcpu.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <utility>

#include <sys/mman.h>
#include <unistd.h>

#include "kvm_ioctl.hpp"
#include "kvm_list.hpp"
#include "vcpu_signal.hpp"

namespace schedrig::kvm {
namespace {

// <asm/msr-index.h> is not a public header. Intel SDM vol. 4: IA32_MTRR_DEF_TYPE.
constexpr std::uint32_t kMsrMtrrDefaultType = 0x2ff;
// MTRRs on, everything write-back: firmware's job, and without it Linux sees uncached RAM.
constexpr std::uint64_t kMtrrWriteBack = 1U << 11 | 6U;

std::string hex(std::uint64_t value) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  do {
    text.insert(text.begin(), kDigits[value & 0xfU]);
    value >>= 4U;
  } while (value != 0);
  return "0x" + text;
}

} // namespace

Result<std::unique_ptr<Vcpu>> Vcpu::create(int vm_fd, std::uint32_t index, std::uint32_t apic_id,
                                           std::size_t run_bytes) {
  UniqueFd fd(TRY(SCHEDRIG_KVM(vm_fd, KVM_CREATE_VCPU, static_cast<unsigned long>(apic_id))));
  if (run_bytes < sizeof(kvm_run)) {
    return fail(StatusCode::kUnsupported, "KVM_GET_VCPU_MMAP_SIZE: " + std::to_string(run_bytes) +
                                              " bytes, need " + std::to_string(sizeof(kvm_run)));
  }
  void* run = ::mmap(nullptr, run_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
  if (run == MAP_FAILED) {
    return fail_errno(errno, "mmap of vCPU " + std::to_string(index) + "'s kvm_run");
  }
  return std::unique_ptr<Vcpu>(
      new Vcpu(std::move(fd), index, apic_id, static_cast<kvm_run*>(run), run_bytes));
}

Vcpu::Vcpu(UniqueFd fd, std::uint32_t index, std::uint32_t apic_id, kvm_run* run,
           std::size_t run_bytes) noexcept
    : fd_(std::move(fd)), index_(index), apic_id_(apic_id), run_(run), run_bytes_(run_bytes) {}

Vcpu::~Vcpu() {
  ::munmap(run_, run_bytes_);
}

Result<> Vcpu::set_up(std::span<const kvm_cpuid_entry2> cpuid) {
  KvmList<kvm_cpuid_entry2> leaves(cpuid);
  (void)TRY(kvm_ioctl(fd_.get(), kSetCpuid2, "KVM_SET_CPUID2", leaves.argument()));
  cpuid_.assign(cpuid.begin(), cpuid.end());

  const std::array entries = {
      kvm_msr_entry{.index = kMsrMtrrDefaultType, .reserved = 0, .data = kMtrrWriteBack}};
  KvmList<kvm_msr_entry> msrs{std::span<const kvm_msr_entry>(entries)};
  const int set = TRY(kvm_ioctl(fd_.get(), kSetMsrs, "KVM_SET_MSRS", msrs.argument()));
  if (set != 1) {
    return fail(StatusCode::kUnsupported, "KVM_SET_MSRS: MTRR default type was refused");
  }
  return {};
}

Result<> Vcpu::set_entry(const EntryPoint& entry) {
  kvm_sregs sregs{};
  (void)TRY(SCHEDRIG_KVM(fd_.get(), KVM_GET_SREGS, &sregs));
  set_long_mode(sregs);
  (void)TRY(SCHEDRIG_KVM(fd_.get(), KVM_SET_SREGS, &sregs));
  kvm_regs regs = entry_registers(entry);
  (void)TRY(SCHEDRIG_KVM(fd_.get(), KVM_SET_REGS, &regs));
  return {};
}

void Vcpu::kick(pthread_t thread) noexcept {
  // Before the signal: a signal that arrives outside KVM_RUN is lost, the flag is not.
  __atomic_store_n(&run_->immediate_exit, 1, __ATOMIC_SEQ_CST);
  send_kick(thread);
}

void Vcpu::tell_of_pause() const noexcept {
  // EINVAL: this CPU's kernel has no kvmclock yet, and so no watchdog that would ask.
  (void)raw_kvm_ioctl(fd_.get(), KVM_KVMCLOCK_CTRL, 0);
}

void Vcpu::run(Board& board, Lifecycle& lifecycle, PhaseClock& phases, const RunGate& gate,
               VcpuWatch& watch) {
  thread_id_.store(::gettid(), std::memory_order_relaxed);
  watch.take_changes();
  if (index_ == 0) {
    phases.reach(phases.entry);
  }
  // Before over() and the gate are read: a kick that comes later sets it again after either.
  __atomic_store_n(&run_->immediate_exit, 0, __ATOMIC_SEQ_CST);
  while (!lifecycle.over() && !gate.is_wanted(index_)) {
    const int result = raw_kvm_ioctl(fd_.get(), KVM_RUN, 0);
    if (result == 0) {
      if (index_ == 0) {
        phases.reach(phases.first_exit);
      }
      if (!handle_exit(board, lifecycle, watch)) {
        break;
      }
      continue;
    }
    const int error = errno;
    // EAGAIN: an AP that waits for its start-up interrupt was interrupted.
    if (error == EINTR || error == EAGAIN) {
      exits_.count(ExitKind::kInterrupted);
      __atomic_store_n(&run_->immediate_exit, 0, __ATOMIC_SEQ_CST);
      continue;
    }
    exits_.count(ExitKind::kKvmError);
    end(board, lifecycle, VmEndKind::kKvmError, fail_errno(error, "KVM_RUN").error().message);
    break;
  }
  complete_exit(board, lifecycle, gate, watch);
}

// KVM finishes the instruction behind an access at the next KVM_RUN, and only then are registers
// what they look like. That run returns before it enters the guest; an access of several pieces
// exits with the next one.
void Vcpu::complete_exit(Board& board, Lifecycle& lifecycle, const RunGate& gate,
                         VcpuWatch& watch) {
  // Of one access: a page-crossing vector register in pieces of 8 bytes. A string instruction has
  // as many as the guest likes: who waits at the gate sees it come late.
  constexpr int kMostPieces = 16;
  const auto wanted = [&](int piece) {
    return piece < kMostPieces || (gate.is_wanted(index_) && !lifecycle.over());
  };
  for (int piece = 0; wanted(piece); ++piece) {
    __atomic_store_n(&run_->immediate_exit, 1, __ATOMIC_SEQ_CST);
    if (raw_kvm_ioctl(fd_.get(), KVM_RUN, 0) != 0 || !handle_exit(board, lifecycle, watch)) {
      return;
    }
  }
}

// False: this vCPU must not be run again.
bool Vcpu::handle_exit(Board& board, Lifecycle& lifecycle, VcpuWatch& watch) {
  switch (run_->exit_reason) {
  case KVM_EXIT_IO:
    handle_io(board);
    return true;
  case KVM_EXIT_MMIO: {
    const std::size_t bytes = std::min<std::size_t>(run_->mmio.len, sizeof(run_->mmio.data));
    const std::span<std::byte> data(reinterpret_cast<std::byte*>(run_->mmio.data), bytes);
    exits_.count(board.mmio(run_->mmio.phys_addr, run_->mmio.is_write != 0, data));
    return true;
  }
  case KVM_EXIT_SHUTDOWN:
    exits_.count(ExitKind::kShutdown);
    end(board, lifecycle, VmEndKind::kTripleFault, "triple fault");
    return false;
  case KVM_EXIT_FAIL_ENTRY:
    exits_.count(ExitKind::kKvmError);
    end(board, lifecycle, VmEndKind::kKvmError,
        "the CPU refused to enter the guest, hardware reason " +
            hex(run_->fail_entry.hardware_entry_failure_reason));
    return false;
  case KVM_EXIT_INTERNAL_ERROR:
    if (run_->internal.suberror == KVM_INTERNAL_ERROR_DELIVERY_EV && may_repeat_delivery()) {
      // The CPU says that it exited for an MMIO access in the middle of delivering an event. KVM
      // has queued the event again and changed nothing else, so entering the guest again is safe:
      // it takes the event and comes back to the access. QEMU's emulated SVM makes KVM believe it
      // for the first access after any exception in the guest: VMEXIT copies EVENTINJ to
      // EXITINTINFO whether valid or not, and KVM looks at the type alone (Linux 7.3, svm.c,
      // svm_check_emulate_instruction). A guest that really has its stack or IDT in a device does
      // it at once again, and then it is an error.
      exits_.count(ExitKind::kDeliveryRepeated);
      return true;
    }
    exits_.count(ExitKind::kKvmError);
    end(board, lifecycle, VmEndKind::kKvmError, describe_internal_error());
    return false;
  case KVM_EXIT_DEBUG:
    exits_.count(ExitKind::kDebug);
    if (auto done = watch.on_debug_exit(run_->debug.arch); !done) {
      end(board, lifecycle, VmEndKind::kKvmError,
          "a debug exception: " + std::move(done).error().message);
      return false;
    }
    return true;
  case KVM_EXIT_INTR:
    exits_.count(ExitKind::kInterrupted);
    return true;
  case KVM_EXIT_HLT: // in the kernel, with an in-kernel irqchip
  case KVM_EXIT_UNKNOWN:
  default:
    exits_.count(ExitKind::kOther);
    end(board, lifecycle, VmEndKind::kKvmError,
        "exit " + std::to_string(run_->exit_reason) + ", which this VMM did not ask for");
    return false;
  }
}

bool Vcpu::may_repeat_delivery() noexcept {
  constexpr std::chrono::milliseconds kWindow{100};
  constexpr std::uint32_t kMost = 16; // a guest in a loop gets there within microseconds
  const auto now = std::chrono::steady_clock::now();
  if (now - deliveries_since_ > kWindow) {
    deliveries_since_ = now;
    deliveries_repeated_ = 0;
  }
  return ++deliveries_repeated_ <= kMost;
}

void Vcpu::handle_io(Board& board) {
  const bool write = run_->io.direction == KVM_EXIT_IO_OUT;
  const std::uint64_t bytes = std::uint64_t{run_->io.size} * run_->io.count;
  // The kernel's words, but they index a mapping: check.
  if (run_->io.size == 0 || run_->io.size > 4 || run_->io.data_offset > run_bytes_ ||
      bytes > run_bytes_ - run_->io.data_offset) {
    exits_.count(ExitKind::kOther);
    return;
  }
  auto* data = reinterpret_cast<std::byte*>(run_) + run_->io.data_offset;
  for (std::uint32_t i = 0; i < run_->io.count; ++i) {
    exits_.count(
        board.pio(index_, run_->io.port, write, {data + i * run_->io.size, run_->io.size}));
  }
}

void Vcpu::end(Board& board, Lifecycle& lifecycle, VmEndKind kind, const std::string& detail) {
  VmEnd end{};
  end.kind = kind;
  end.vcpu = index_;
  end.exit_reason = run_->exit_reason;
  kvm_regs regs{};
  if (SCHEDRIG_KVM(fd_.get(), KVM_GET_REGS, &regs)) {
    end.rip = regs.rip;
  }
  end.detail = "vCPU " + std::to_string(index_) + ": " + detail + ", rip " + hex(end.rip);
  lifecycle.end(std::move(end));
  board.wake();
}

std::string Vcpu::describe_internal_error() const {
  std::string text = "KVM internal error, suberror " + std::to_string(run_->internal.suberror);
  if (run_->internal.suberror == KVM_INTERNAL_ERROR_EMULATION) {
    text += " (instruction emulation failed)";
  }
  for (std::uint32_t i = 0; i < run_->internal.ndata && i < 4; ++i) {
    text += " " + hex(run_->internal.data[i]);
  }
  return text;
}

} // namespace schedrig::kvm
