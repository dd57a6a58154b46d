// SPDX-License-Identifier: MIT
#include "host/kernel_view/idr_walk.hpp"

#include <string>

#include "host/kernel_view/list_walk.hpp"
#include "host/kernel_view/struct_reader.hpp"
#include "host/text/hex.hpp"

namespace schedrig::kernel_view {
namespace {

// include/linux/xarray.h: the low two bits of an entry say what it is.
constexpr std::uint64_t kTagMask = 3;
constexpr std::uint64_t kInternal = 2;
constexpr std::uint64_t kHighestSpecial = 4096; // internal ones up to here are no nodes
constexpr std::uint64_t kMaxShift = 60;         // of 64-bit indices, six bits a level

class IdrWalk {
 public:
  IdrWalk(const KernelView& view, StructReader node, std::string_view name)
      : memory_(view.memory()), node_(std::move(node)), name_(name) {}

  // `above`: the shift of the node that the entry is in; each level's is smaller, so that no ring
  // of nodes is followed.
  Result<> visit(std::uint64_t entry, std::uint64_t above) {
    if (entry == 0 || (entry & 1U) != 0) {
      return {};
    }
    if (budget_.left == 0) {
      return bad("it has more nodes and objects than a kernel can have");
    }
    --budget_.left;
    if ((entry & kTagMask) != kInternal) {
      objects.push_back(entry);
      return {};
    }
    return entry > kHighestSpecial ? visit_node(entry - kInternal, above) : Result<>();
  }

  std::vector<std::uint64_t> objects;

 private:
  [[nodiscard]] std::unexpected<Error> bad(const std::string& why) const {
    return fail(StatusCode::kBadData, "the kernel's " + std::string(name_) + ": " + why);
  }

  Result<> visit_node(std::uint64_t node, std::uint64_t above) {
    const std::uint64_t shift = TRY(node_.number(node, "shift"));
    if (shift >= above) {
      return bad("the node at " + text::hex_number(node) + " of shift " + std::to_string(shift) +
                 " stands below one of " + std::to_string(above));
    }
    const kernel::FieldPlace slots = TRY(node_.place("slots"));
    for (std::uint64_t at = 0; at + sizeof at <= slots.bytes; at += sizeof at) {
      auto entry = TRY(memory_.read_object<std::uint64_t>(node + slots.offset + at));
      TRY(visit(entry, shift));
    }
    return {};
  }

  KernelMemory memory_;
  StructReader node_;
  std::string_view name_;
  WalkBudget budget_;
};

} // namespace

Result<std::vector<std::uint64_t>> objects_of_idr(const KernelView& view, std::string_view symbol) {
  const kernel::BtfTypes& types = view.facts().types;
  auto idr = TRY(StructReader::of(types, view.memory(), "idr"));
  auto node = TRY(StructReader::of(types, view.memory(), "xa_node"));
  const std::uint64_t at = TRY(view.address_of(symbol));
  const std::uint64_t head = TRY(idr.number(at, "idr_rt.xa_head"));
  IdrWalk walk(view, std::move(node), symbol);
  TRY(walk.visit(head, kMaxShift + 1));
  return std::move(walk.objects);
}

} // namespace schedrig::kernel_view
