// SPDX-License-Identifier: MIT
#include "host/kernel_view/live_exit_kind.hpp"

#include <algorithm>

#include "host/kernel_view/struct_reader.hpp"

namespace schedrig::kernel_view {
namespace {

Result<> add_place(const KernelView& view, LiveExitKind& found) {
  const kernel::BtfTypes& types = view.facts().types;
  if (view.facts().symbols.address_of("scx_exit_kind")) {
    found.place = "scx_exit_kind";
    found.address = TRY(view.address_of("scx_exit_kind"));
    found.bytes = sizeof(std::int32_t); // atomic_t
    return {};
  }
  if (!view.facts().symbols.address_of("scx_root")) {
    return fail(StatusCode::kNotFound, "the kernel has neither scx_exit_kind nor scx_root");
  }
  auto sched = TRY(StructReader::of(types, view.memory(), "scx_sched"));
  const auto field = TRY(sched.place("exit_kind"));
  const std::uint64_t at = TRY(view.address_of("scx_root"));
  const std::uint64_t root = TRY(view.memory().read_object<std::uint64_t>(at));
  if (root == 0) {
    return fail(StatusCode::kNotFound, "no scheduler is attached: scx_root is null");
  }
  found.place = "scx_root->exit_kind";
  found.address = root + field.offset;
  found.bytes = static_cast<std::uint32_t>(field.bytes);
  return {};
}

} // namespace

Result<LiveExitKind> find_live_exit_kind(const KernelView& view) {
  LiveExitKind found;
  const auto kinds = TRY(view.facts().types.enumerators("scx_exit_kind"));
  const auto error = std::ranges::find(kinds, "SCX_EXIT_ERROR", &kernel::Enumerator::name);
  if (error == kinds.end()) {
    return fail(StatusCode::kNotFound, "enum scx_exit_kind of the kernel lacks SCX_EXIT_ERROR");
  }
  found.first_error = static_cast<std::uint64_t>(error->value);
  for (const kernel::Enumerator& kind : kinds) {
    if (kind.value >= error->value) {
      found.errors.push_back(static_cast<std::uint64_t>(kind.value));
    }
  }
  TRY(add_place(view, found));
  return found;
}

} // namespace schedrig::kernel_view
