// SPDX-License-Identifier: MIT
// Targets and code of a real kernel by the addresses that its CPUs use.
#include "host/engine/kernel_view_targets.hpp"
#include "host/text/hex.hpp"

namespace schedrig::engine {
namespace {

using kernel_view::KernelView;

struct Address {
  const KernelView& view;
  std::uint32_t bytes;

  Result<std::uint64_t> operator()(const SymbolTarget& target) const {
    (void)TRY(view.symbol(target, bytes)); // that it is there
    return view.address_of(target.name);
  }
  Result<std::uint64_t> operator()(const DirectTarget& target) const {
    (void)TRY(view.direct(target, bytes));
    return target.address;
  }
  Result<std::uint64_t> operator()(const KvaTarget& target) const {
    (void)TRY(view.kva(target, bytes));
    return target.address;
  }
  // The kernel's own per-CPU variables lie in the direct map (Linux 6.18, mm/percpu.c,
  // pcpu_embed_first_chunk).
  Result<std::uint64_t> operator()(const PerCpuTarget& target) const {
    const auto places = TRY(view.per_cpu(target, bytes));
    return view.place().direct_map + places.front().start;
  }
  template <class Other> Result<std::uint64_t> operator()(const Other& target) const {
    return fail(StatusCode::kUnsupported, to_string(KernelTarget(target)) + " cannot be watched",
                "symbol, direct, kva and per_cpu can");
  }
};

} // namespace

Result<std::uint64_t> KernelViewTargets::linear_address(const KernelTarget& target,
                                                        std::uint32_t bytes) {
  if (!view_) {
    TRY(open());
  }
  return std::visit(Address{*view_, bytes}, target);
}

// Of code only: a word on the stack that points to a variable is no caller.
std::string KernelViewTargets::symbol_at(std::uint64_t linear) {
  if (!view_) {
    return {};
  }
  const std::uint64_t linked = linear - view_->place().slide;
  const auto end = facts_->symbols.address_of("_etext");
  if (!end || linked < view_->place().text || linked >= *end) {
    return {};
  }
  const auto place = facts_->symbols.place_of(linked);
  return place ? std::string(place->name) + "+" + text::hex_number(place->offset) : std::string();
}

} // namespace schedrig::engine
