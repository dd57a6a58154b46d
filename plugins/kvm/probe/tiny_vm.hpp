// SPDX-License-Identifier: MIT
// TinyVm: one vCPU in 64-bit mode, 128 KiB of RAM, no devices: a guest of a few instructions.
//
// Ownership: fds, mapping, memory. Thread: any, one at a time; run() uses a thread of its own so
// that a KVM which does not come back can be interrupted.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include <linux/kvm.h>

#include <schedrig/result.hpp>

#include "vmm/guest_memory.hpp"
#include "vmm/unique_fd.hpp"

namespace schedrig::kvm {

inline constexpr Gpa kTinyCode = 0x10000; // where the guest's instructions are
inline constexpr Gpa kTinyData = 0x18000; // and a page for its data

class TinyVm {
 public:
  [[nodiscard]] static Result<TinyVm> create(const std::string& device,
                                             std::span<const std::uint8_t> code);
  TinyVm(TinyVm&& other) noexcept;
  TinyVm& operator=(TinyVm&&) = delete;
  ~TinyVm();

  // Watches writes to the 4 bytes at `address` (a linear address, 4-byte aligned) in slot 0.
  [[nodiscard]] Result<> watch(std::uint64_t address);

  // One KVM_RUN. kTimeout when it does not return before the deadline (it is interrupted then).
  [[nodiscard]] Result<> run(std::chrono::steady_clock::time_point deadline);

  // After run(). Valid until the next one.
  [[nodiscard]] const kvm_run& exit() const noexcept { return *run_; }
  // The value of an OUT of 1, 2 or 4 bytes to `port`, if that is what the exit was.
  [[nodiscard]] std::optional<std::uint32_t> out_value(std::uint16_t port) const noexcept;
  [[nodiscard]] Result<std::uint32_t> read32(Gpa gpa) const;

 private:
  TinyVm(GuestMemory memory, UniqueFd kvm, UniqueFd vm, UniqueFd vcpu, kvm_run* run,
         std::size_t run_bytes) noexcept;
  [[nodiscard]] Result<> set_state() const;

  GuestMemory memory_;
  UniqueFd kvm_;
  UniqueFd vm_;
  UniqueFd vcpu_;
  kvm_run* run_ = nullptr;
  std::size_t run_bytes_ = 0;
};

} // namespace schedrig::kvm
