// SPDX-License-Identifier: MIT
// Vm::Impl: the parts of a virtual machine and their order of construction. Private to vm*.cpp.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <sched.h>

#include "board.hpp"
#include "boot/kernel_image.hpp"
#include "guest_memory.hpp"
#include "kvm_system.hpp"
#include "lifecycle.hpp"
#include "run_gate.hpp"
#include "state/machine_state.hpp"
#include "vcpu.hpp"
#include "vm.hpp"
#include "watches.hpp"

namespace schedrig::kvm {

class Vm::Impl {
 public:
  using Deadline = std::chrono::steady_clock::time_point;

  // When a freeze began, and what the guest's clock read when all stood still.
  struct Stop {
    std::chrono::steady_clock::time_point called;
    std::chrono::steady_clock::time_point stood;
    Result<ClockState> clock;
  };
  struct Late {
    std::uint32_t vcpu = 0;
    std::chrono::nanoseconds by{};
  };

  Impl(VmSink& sink, GuestMemory memory, bool ring);
  ~Impl();

  Result<> set_up(const VmConfig& config, std::span<const std::byte> kernel);
  Result<> prepare();
  Result<> start(std::optional<std::uint64_t> skew_seed);
  Result<> start_frozen(std::optional<std::uint64_t> skew_seed);
  Result<> stop(std::chrono::milliseconds timeout);
  // Null, or which vCPU did not stop in time.
  std::optional<std::uint32_t> stop_vcpus(Deadline deadline);

  // vm_freeze.cpp
  Result<> freeze(std::chrono::milliseconds timeout);
  Result<Pause> thaw();
  Result<VcpuRegisters> registers(std::uint32_t vcpu);

  // vm_control.cpp
  Result<> hold(std::uint32_t vcpu, Deadline until, std::chrono::milliseconds timeout);
  Result<> release(std::uint32_t vcpu);
  Result<> yield(std::uint32_t vcpu, std::chrono::milliseconds timeout);
  Result<> pin(std::uint32_t vcpu, std::uint32_t host_cpu);
  Result<> unpin(std::uint32_t vcpu);

  // vm_watch.cpp
  Result<> arm(std::uint32_t slot, const WatchSpec& spec, Watches::Now now, bool stops);
  Result<> disarm(std::uint32_t slot);
  void hold(); // [vcpu thread]

  // vm_fork.cpp
  Result<> set_up_from(std::shared_ptr<const SavedMachine> saved, const std::string& kvm_device);
  Result<std::shared_ptr<const SavedMachine>> save();
  Result<Reverted> reset(std::chrono::milliseconds timeout);

  // Declared in the order of construction; the VM outlives vCPUs and devices.
  GuestMemory memory_;
  KvmSystem system_;
  Lifecycle lifecycle_;
  PhaseClock phases_;
  Watches watches_;
  std::vector<std::unique_ptr<Vcpu>> vcpus_;
  Board board_;
  std::string kernel_version_;
  KernelFormat kernel_format_ = KernelFormat::kBzImage;
  std::string command_line_;

  RunGate gate_; // of the vCPU threads, which run it open
  std::vector<std::thread> threads_;
  std::mutex control_mutex_; // one start, stop or freeze at a time
  bool started_ = false;
  bool frozen_ = false;
  std::atomic<bool> held_ = false; // by a vCPU, from the stop watch's match on
  VmSink& sink_;
  Stop stop_; // if frozen_
  std::optional<Late> late_;
  // What memory_ is a copy of, if it is one, and whether the rest started as its copy, too.
  std::shared_ptr<const SavedMachine> base_;
  bool forked_ = false;
  std::vector<PageRun> first_writes_;
  std::vector<std::optional<cpu_set_t>> unpinned_; // where a pinned vCPU's thread could run before
  std::vector<std::chrono::nanoseconds> start_skews_; // of each vCPU, before it first runs

 private:
  Result<> stop_all(Deadline deadline, std::chrono::milliseconds timeout);
  // With control_mutex_.
  Result<> bring_up(std::optional<std::uint64_t> skew_seed);
  Result<> stand_still(std::chrono::milliseconds timeout); // vm_freeze.cpp
  Result<> start_threads();
  Result<> restore();                                               // vm_fork.cpp
  Result<> change_watches(const std::function<Result<>()>& change); // vm_watch.cpp
  void vcpu_thread(std::uint32_t index);
  Result<> check_vcpu(std::string_view what, std::uint32_t vcpu) const; // vm_control.cpp
  void unpin_all();                                                     // vm_control.cpp
  bool continue_guest_clock();                                          // vm_freeze.cpp
  void come_late(std::chrono::nanoseconds by) const;                    // vm_freeze.cpp
};

} // namespace schedrig::kvm
