// SPDX-License-Identifier: MIT
#include "host/kernel_view/kernel_view.hpp"

#include <string>
#include <utility>

#include "host/kernel_view/page_walk.hpp"
#include "host/kernel_view/per_cpu_templates.hpp"
#include "host/text/hex.hpp"
#include "host/text/quote.hpp"

namespace schedrig::kernel_view {
namespace {

constexpr std::uint64_t kKernelHalf = 1ULL << 63U;

std::string span_text(std::uint64_t address, std::uint64_t bytes) {
  return std::to_string(bytes) + " bytes at " + text::hex_number(address);
}

} // namespace

Result<KernelView> KernelView::open(const ImageFacts& facts, GuestRam ram) {
  const KernelPlace place = TRY(find_kernel(ram, facts.symbols, facts.banner));
  return KernelView(facts, std::move(ram), place);
}

// Of kernels before 6.15 they count from 0, of later ones they lie in the image (arch/x86,
// "x86/percpu: use relative percpu offsets").
bool KernelView::is_per_cpu(std::uint64_t link_address) const {
  const auto start = facts_->symbols.address_of("__per_cpu_start");
  const auto end = facts_->symbols.address_of("__per_cpu_end");
  return start && end && link_address >= *start && link_address < *end;
}

Result<std::uint64_t> KernelView::address_of(std::string_view symbol) const {
  const std::uint64_t link_address = TRY(facts_->symbols.address_of(symbol));
  if (is_per_cpu(link_address)) {
    return fail(StatusCode::kInvalidArgument,
                text::quote(symbol) + " is a per-CPU variable: each CPU has its own",
                "write per_cpu = { symbol = \"" + std::string(symbol) +
                    "\", field = ..., cpu = ... }");
  }
  return link_address + place_.slide;
}

template <class T> Result<T> KernelView::variable(std::string_view symbol) const {
  const std::uint64_t link_address = TRY(facts_->symbols.address_of(symbol));
  return ram_.read_object<T>(place_.physical_of(link_address));
}

Result<Places> KernelView::symbol(const SymbolTarget& target, std::uint64_t bytes) const {
  const std::uint64_t address = TRY(address_of(target.name));
  const std::uint64_t physical = place_.physical_of(address - place_.slide);
  if (!ram_.contains(physical, bytes)) {
    return fail(StatusCode::kBadData, span_text(address, bytes) + " are not all in RAM");
  }
  return Places{{.start = physical, .bytes = bytes}};
}

Result<Places> KernelView::direct(const DirectTarget& target, std::uint64_t bytes) const {
  const std::uint64_t physical = target.address - place_.direct_map;
  if (target.address < place_.direct_map || !ram_.contains(physical, bytes)) {
    const MemoryRange& last = ram_.ranges().back();
    return fail(StatusCode::kInvalidArgument,
                span_text(target.address, bytes) + " are not in the direct map of RAM, which is " +
                    text::hex_number(place_.direct_map) + " to " +
                    text::hex_number(place_.direct_map + last.start + last.bytes - 1),
                "an address elsewhere in the kernel goes by kva");
  }
  return Places{{.start = physical, .bytes = bytes}};
}

Result<Places> KernelView::kva(const KvaTarget& target, std::uint64_t bytes) const {
  if (target.address < kKernelHalf) {
    return fail(StatusCode::kInvalidArgument,
                text::hex_number(target.address) + " is in the user's half of the addresses",
                "kernel addresses begin with 0x8 or higher, of 16 digits");
  }
  return places_of(ram_, place_.tables, target.address, bytes);
}

Result<std::uint32_t> KernelView::cpus() const {
  const auto count = TRY(variable<std::uint32_t>("nr_cpu_ids"));
  constexpr std::uint32_t kMaxCpus = 8192; // CONFIG_NR_CPUS of x86-64 at most
  if (count == 0 || count > kMaxCpus) {
    return fail(StatusCode::kBadData, "nr_cpu_ids is " + std::to_string(count));
  }
  return count;
}

Result<std::uint64_t> KernelView::per_cpu_offset(std::uint32_t cpu) const {
  const std::uint32_t count = TRY(cpus());
  if (cpu >= count) {
    return fail(StatusCode::kInvalidArgument, "there is no CPU " + std::to_string(cpu),
                "the kernel has CPUs 0 to " + std::to_string(count - 1));
  }
  const std::uint64_t offsets = TRY(facts_->symbols.address_of("__per_cpu_offset"));
  return ram_.read_object<std::uint64_t>(place_.physical_of(offsets) +
                                         std::uint64_t{cpu} * sizeof(std::uint64_t));
}

Result<std::uint64_t> KernelView::per_cpu_address(std::string_view symbol,
                                                  std::uint32_t cpu) const {
  const std::uint64_t link_address = TRY(facts_->symbols.address_of(symbol));
  if (!is_per_cpu(link_address)) {
    return fail(StatusCode::kInvalidArgument, text::quote(symbol) + " is no per-CPU variable",
                "write symbol = \"" + std::string(symbol) + "\"");
  }
  const std::uint64_t offset = TRY(per_cpu_offset(cpu));
  const bool in_image = link_address >= kKernelHalf;
  return link_address + (in_image ? place_.slide : 0) + offset;
}

Result<Places> KernelView::per_cpu(const PerCpuTarget& target, std::uint64_t bytes) const {
  const std::string structure = TRY(per_cpu_structure(target));
  const kernel::FieldPlace field = TRY(facts_->types.field(structure, target.field));
  TRY(check_width(field, target.field, bytes));
  const std::uint64_t base = TRY(per_cpu_address(target.symbol, target.cpu));
  return places_of(ram_, place_.tables, base + field.offset, bytes);
}

Result<> check_width(const kernel::FieldPlace& field, std::string_view path, std::uint64_t bytes) {
  if (field.bits != 0) {
    return fail(StatusCode::kInvalidArgument,
                text::quote(path) + " is a bit field of " + std::to_string(field.bits) + " bits",
                "its neighbours share its word: no width is its own");
  }
  if (field.bytes != bytes) {
    return fail(StatusCode::kInvalidArgument,
                text::quote(path) + " is " + field.type + " of " + std::to_string(field.bytes) +
                    " bytes, not of " + std::to_string(bytes),
                "give it its own width");
  }
  return {};
}

} // namespace schedrig::kernel_view
