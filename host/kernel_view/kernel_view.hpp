// SPDX-License-Identifier: MIT
// KernelView: the kernel that runs in a machine, by name: where in guest-physical memory a symbol,
// an address or a field of a per-CPU variable lies. Reads memory, writes none; the machine may run.
//
// What it finds out about the kernel's place is found once; page tables are walked anew each time.
// Borrows the facts; owns the rest. Errors name what was looked for and what there is instead.
// Thread: host.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include <schedrig/guest_memory.hpp>
#include <schedrig/kernel_targets.hpp>
#include <schedrig/result.hpp>

#include "host/kernel_view/guest_ram.hpp"
#include "host/kernel_view/image_facts.hpp"
#include "host/kernel_view/kernel_memory.hpp"
#include "host/kernel_view/kernel_place.hpp"

namespace schedrig::kernel_view {

using Places = std::vector<MemoryRange>; // in the order of the bytes

class KernelView {
 public:
  // kNotFound: the machine's memory does not have this kernel.
  [[nodiscard]] static Result<KernelView> open(const ImageFacts& facts, GuestRam ram);

  [[nodiscard]] const KernelPlace& place() const noexcept { return place_; }
  [[nodiscard]] const ImageFacts& facts() const noexcept { return *facts_; }
  [[nodiscard]] KernelMemory memory() const { return {ram_, place_}; }
  // What the running kernel has at a symbol of its image. kNotFound, kInvalidArgument: as
  // Symbols::address_of; a per-CPU symbol has no address of its own.
  [[nodiscard]] Result<std::uint64_t> address_of(std::string_view symbol) const;

  [[nodiscard]] Result<Places> symbol(const SymbolTarget& target, std::uint64_t bytes) const;
  // Of a CPU's own copy of a per-CPU symbol. kInvalidArgument: it is none, or there is no such CPU.
  [[nodiscard]] Result<std::uint64_t> per_cpu_address(std::string_view symbol,
                                                      std::uint32_t cpu) const;
  // What is added to a per-CPU pointer for a CPU's own copy.
  [[nodiscard]] Result<std::uint64_t> per_cpu_offset(std::uint32_t cpu) const;
  // nr_cpu_ids: one more than the highest number of a CPU.
  [[nodiscard]] Result<std::uint32_t> cpus() const;

  // Within the direct map of memory that is there, both ends.
  [[nodiscard]] Result<Places> direct(const DirectTarget& target, std::uint64_t bytes) const;
  // In the kernel's half, both ends, and mapped.
  [[nodiscard]] Result<Places> kva(const KvaTarget& target, std::uint64_t bytes) const;
  // `bytes` must be the field's: a wider access would take its neighbour along.
  [[nodiscard]] Result<Places> per_cpu(const PerCpuTarget& target, std::uint64_t bytes) const;

 private:
  KernelView(const ImageFacts& facts, GuestRam ram, const KernelPlace& place)
      : facts_(&facts), ram_(std::move(ram)), place_(place) {}

  [[nodiscard]] bool is_per_cpu(std::uint64_t link_address) const;
  template <class T> [[nodiscard]] Result<T> variable(std::string_view symbol) const;

  const ImageFacts* facts_;
  GuestRam ram_;
  KernelPlace place_;
};

// kInvalidArgument: `bytes` are not what the field has, or it is a bit field. `path` is for the
// text.
Result<> check_width(const kernel::FieldPlace& field, std::string_view path, std::uint64_t bytes);

} // namespace schedrig::kernel_view
