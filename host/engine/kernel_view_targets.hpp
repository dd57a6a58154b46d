// SPDX-License-Identifier: MIT
// KernelViewTargets: kernel targets and snapshots, found in the memory of a kernel by what its
// image says.
//
// The image is read, and the kernel looked for, when the first target is asked for: a run without
// kernel ops pays nothing. Borrows the memory facet. Thread: host.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include <schedrig/kernel_image.hpp>

#include "host/engine/kernel_targets.hpp"
#include "host/engine/snapshots.hpp"
#include "host/kernel_view/image_facts.hpp"
#include "host/kernel_view/kernel_view.hpp"
#include "host/kernel_view/live_exit_kind.hpp"

namespace schedrig::engine {

class KernelViewTargets final : public TargetResolver, public SnapshotReader {
 public:
  // A file, or what the machine itself says of its kernel; the facet outlives it.
  using Image = std::variant<std::string, KernelFacet*>;

  KernelViewTargets(Image image, MemoryFacet& memory) : image_(std::move(image)), memory_(memory) {}

  // Errors besides TargetResolver's: what keeps the kernel from being seen at all.
  Result<std::vector<MemoryRange>> resolve(const KernelTarget& target, std::uint32_t bytes,
                                           KernelState state) override;
  // kernel_view_addresses.cpp
  Result<std::uint64_t> linear_address(const KernelTarget& target, std::uint32_t bytes) override;
  std::string symbol_at(std::uint64_t linear) override;
  Result<> prepare() override { return view_ ? Result<>() : open(); }
  // Requires: prepare().
  [[nodiscard]] const kernel_view::KernelView& view() const { return *view_; }
  [[nodiscard]] Result<kernel_view::LiveExitKind> live_exit_kind() {
    TRY(prepare());
    return kernel_view::find_live_exit_kind(*view_);
  }
  [[nodiscard]] kernel_view::KernelSnapshot read(VcpusFacet* vcpus) override {
    return kernel_view::read_snapshot(*view_, vcpus);
  }
  [[nodiscard]] json::Value render(const kernel_view::KernelSnapshot& snapshot) override {
    return kernel_view::render_snapshot(*view_, snapshot);
  }

 private:
  [[nodiscard]] Result<> open();
  [[nodiscard]] Result<kernel_view::ImageFacts> read_image();

  Image image_;
  MemoryFacet& memory_;
  std::unique_ptr<kernel_view::ImageFacts> facts_; // the view points to it
  std::optional<kernel_view::KernelView> view_;
};

} // namespace schedrig::engine
