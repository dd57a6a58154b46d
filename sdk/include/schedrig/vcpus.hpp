// SPDX-License-Identifier: MIT
// The vCPUs facet: the registers of a machine's CPUs while they stand still in a freeze window
// (freeze.hpp). x86-64. What the registers mean for the guest's kernel is the host's business.
#pragma once

#include <cstdint>
#include <string_view>

#include <schedrig/status.hpp>

namespace schedrig {

// A CPU that waits to be started by another (its INIT and SIPI) has the values of a reset.
struct VcpuRegisters {
  std::uint32_t size = sizeof(VcpuRegisters);
  std::uint32_t started = 0; // 0: it has not been started yet, or was taken offline
  std::uint64_t rip = 0;     // of the next instruction
  std::uint64_t rflags = 0;
  std::uint64_t rax = 0;
  std::uint64_t rbx = 0;
  std::uint64_t rcx = 0;
  std::uint64_t rdx = 0;
  std::uint64_t rsi = 0;
  std::uint64_t rdi = 0;
  std::uint64_t rbp = 0;
  std::uint64_t rsp = 0;
  std::uint64_t r8 = 0;
  std::uint64_t r9 = 0;
  std::uint64_t r10 = 0;
  std::uint64_t r11 = 0;
  std::uint64_t r12 = 0;
  std::uint64_t r13 = 0;
  std::uint64_t r14 = 0;
  std::uint64_t r15 = 0;
  std::uint64_t cs = 0; // selectors; the low two bits of cs are the privilege level
  std::uint64_t ss = 0;
  std::uint64_t cr0 = 0;
  std::uint64_t cr2 = 0;
  std::uint64_t cr3 = 0;
  std::uint64_t cr4 = 0;
  std::uint64_t efer = 0;
  std::uint64_t fs_base = 0;
  std::uint64_t gs_base = 0;        // of the mode that the CPU is in
  std::uint64_t kernel_gs_base = 0; // the other one, which SWAPGS exchanges
  std::uint64_t lstar = 0;          // the kernel's entry of system calls
};

class VcpusFacet {
 public:
  static constexpr std::string_view kInterfaceId = "schedrig.vcpus/1";

  // [host-thread] How many the machine has, started or not; the same for its whole life.
  virtual std::uint32_t count() noexcept = 0;

  // [host-thread] In a freeze window only, else kInvalidArgument; so is a vCPU that there is not.
  virtual Status registers(std::uint32_t vcpu, VcpuRegisters* out) noexcept = 0;

 protected:
  ~VcpusFacet() = default;
};

} // namespace schedrig
