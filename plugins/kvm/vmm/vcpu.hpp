// SPDX-License-Identifier: MIT
// Vcpu: one virtual CPU: creation, initial state, and the loop that runs it.
//
// create and set_up happen before its thread exists; run() is the thread's body; kick() comes from
// any thread. Ownership: the vCPU fd and its mapped kvm_run.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <linux/kvm.h>
#include <sys/types.h>

#include <schedrig/result.hpp>

#include "board.hpp"
#include "boot/loader.hpp"
#include "exits.hpp"
#include "lifecycle.hpp"
#include "run_gate.hpp"
#include "unique_fd.hpp"
#include "vcpu_watch.hpp"

namespace schedrig::kvm {

class Vcpu {
 public:
  // `apic_id` becomes the vCPU's id. `run_bytes` is KVM_GET_VCPU_MMAP_SIZE's answer.
  [[nodiscard]] static Result<std::unique_ptr<Vcpu>>
  create(int vm_fd, std::uint32_t index, std::uint32_t apic_id, std::size_t run_bytes);
  ~Vcpu();

  Vcpu(const Vcpu&) = delete;
  Vcpu& operator=(const Vcpu&) = delete;

  [[nodiscard]] Result<> set_up(std::span<const kvm_cpuid_entry2> cpuid);
  // Only the boot CPU starts somewhere; the others wait for INIT and SIPI in the kernel.
  [[nodiscard]] Result<> set_entry(const EntryPoint& entry);

  // Runs until lifecycle.over() or the gate wants it; afterwards no exit waits to be completed.
  // Requires unblocked kick signal.
  void run(Board& board, Lifecycle& lifecycle, PhaseClock& phases, const RunGate& gate,
           VcpuWatch& watch);

  // Makes the current or next KVM_RUN return. The thread must still be joinable.
  void kick(pthread_t thread) noexcept;

  // [vcpu thread, not in run()] It stood still for so long while the machine ran: time that was
  // stolen, if its kernel has asked to be told.
  void count_stolen(const GuestMemory& memory, std::chrono::nanoseconds time) const noexcept;

  // It stands still: the guest's watchdogs do not count the time until it runs again.
  void tell_of_pause() const noexcept;

  // Of the thread that runs it, or ran it last; 0: none did yet.
  [[nodiscard]] pid_t thread_id() const noexcept {
    return thread_id_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] const ExitCounters& exits() const noexcept { return exits_; }
  void forget_exits() noexcept { exits_.clear(); }
  [[nodiscard]] std::uint32_t apic_id() const noexcept { return apic_id_; }
  [[nodiscard]] const std::vector<kvm_cpuid_entry2>& cpuid() const noexcept { return cpuid_; }
  [[nodiscard]] int fd() const noexcept { return fd_.get(); }

 private:
  Vcpu(UniqueFd fd, std::uint32_t index, std::uint32_t apic_id, kvm_run* run,
       std::size_t run_bytes) noexcept;

  void complete_exit(Board& board, Lifecycle& lifecycle, const RunGate& gate, VcpuWatch& watch);
  [[nodiscard]] bool handle_exit(Board& board, Lifecycle& lifecycle, VcpuWatch& watch);
  // Whether an event delivery that KVM could not finish may be tried once more.
  [[nodiscard]] bool may_repeat_delivery() noexcept;
  void handle_io(Board& board);
  void end(Board& board, Lifecycle& lifecycle, VmEndKind kind, const std::string& detail);
  [[nodiscard]] std::string describe_internal_error() const;

  UniqueFd fd_;
  std::uint32_t index_ = 0;
  std::uint32_t apic_id_ = 0;
  std::vector<kvm_cpuid_entry2> cpuid_; // that was set
  kvm_run* run_ = nullptr;
  std::size_t run_bytes_ = 0;
  ExitCounters exits_;
  std::chrono::steady_clock::time_point deliveries_since_;
  std::uint32_t deliveries_repeated_ = 0; // since then
  std::atomic<pid_t> thread_id_{0};
};

} // namespace schedrig::kvm
