// SPDX-License-Identifier: MIT
#include "host/engine/kernel_view_targets.hpp"

#include <variant>

#include "host/kernel/btf_encode.hpp"
#include "host/kernel_view/bpf_walk.hpp"
#include "host/kernel_view/task_field.hpp"

namespace schedrig::engine {
namespace {

using kernel_view::KernelView;
using kernel_view::Places;

struct Find {
  const KernelView& view;
  std::uint32_t bytes;
  KernelState state;

  Result<Places> operator()(const SymbolTarget& target) const { return view.symbol(target, bytes); }
  Result<Places> operator()(const DirectTarget& target) const { return view.direct(target, bytes); }
  Result<Places> operator()(const KvaTarget& target) const { return view.kva(target, bytes); }
  Result<Places> operator()(const PerCpuTarget& target) const {
    return view.per_cpu(target, bytes);
  }
  Result<Places> operator()(const TaskTarget& target) const {
    if (state == KernelState::kRunning) {
      return fail(StatusCode::kUnsupported,
                  "a task's field cannot be used while the machine runs: what guards it would be "
                  "overtaken",
                  "read_kernel_cold and write_kernel_cold do it while the machine stands still");
    }
    return kernel_view::task_field(view, target, bytes);
  }
  Result<Places> operator()(const WorkerTarget& /*target*/) const {
    return fail(StatusCode::kUnsupported, "only the scenario's own cold ops know its workers");
  }
  Result<Places> operator()(const MapTarget& target) const {
    return kernel_view::map_variable(view, target, bytes);
  }
  Result<Places> operator()(const PluginTarget& target) const {
    return fail(StatusCode::kUnsupported,
                "no plugin of this run finds targets of \"" + target.dispatcher + "\"");
  }
};

class CollectBytes final : public BytesSink {
 public:
  void on_bytes(std::span<const std::uint8_t> bytes) noexcept override {
    const auto view = std::as_bytes(bytes);
    all.insert(all.end(), view.begin(), view.end());
  }
  kernel::Bytes all;
};

} // namespace

Result<kernel_view::ImageFacts> KernelViewTargets::read_image() {
  if (const auto* path = std::get_if<std::string>(&image_)) {
    return kernel_view::read_image_facts(*path);
  }
  static kernel::LibbpfEncoder encoder; // has no state, and outlives every machine
  CollectBytes vmlinux;
  TRY(from_status(std::get<KernelFacet*>(image_)->vmlinux(encoder, vmlinux)));
  auto facts = kernel_view::read_vmlinux_facts(vmlinux.all);
  if (!facts) {
    return std::unexpected(
        std::move(facts).error().context("read names and types of the machine's own kernel"));
  }
  return facts;
}

Result<> KernelViewTargets::open() {
  if (facts_ == nullptr) {
    facts_ = std::make_unique<kernel_view::ImageFacts>(TRY(read_image()));
  }
  view_.emplace(TRY(KernelView::open(*facts_, kernel_view::GuestRam(memory_))));
  return {};
}

Result<std::vector<MemoryRange>>
KernelViewTargets::resolve(const KernelTarget& target, std::uint32_t bytes, KernelState state) {
  if (!view_) {
    TRY(open());
  }
  return std::visit(Find{*view_, bytes, state}, target);
}

} // namespace schedrig::engine
