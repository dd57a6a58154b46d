// SPDX-License-Identifier: MIT
// FreezeWindow: the machine's CPUs stand still while it lives. Borrows the facet. Thread: host.
#pragma once

#include <cstdint>
#include <utility>

#include <schedrig/freeze.hpp>
#include <schedrig/result.hpp>

namespace schedrig::engine {

class FreezeWindow {
 public:
  static Result<FreezeWindow> open(FreezeFacet& freezer) {
    // A CPU leaves the guest within a millisecond of a kick; the rest is for a busy host.
    constexpr std::int64_t kTimeoutNs = 2'000'000'000;
    TRY(from_status(freezer.freeze(kTimeoutNs)));
    return FreezeWindow(freezer);
  }

  FreezeWindow(FreezeWindow&& other) noexcept : freezer_(std::exchange(other.freezer_, nullptr)) {}
  FreezeWindow& operator=(FreezeWindow&&) = delete;
  ~FreezeWindow() {
    if (freezer_ != nullptr) {
      std::int64_t ignored = 0;
      static_cast<void>(freezer_->thaw(&ignored));
    }
  }

  // Ends the window; once. Returns for how long the machine was frozen.
  Result<std::int64_t> close() {
    std::int64_t frozen_ns = 0;
    TRY(from_status(std::exchange(freezer_, nullptr)->thaw(&frozen_ns)));
    return frozen_ns;
  }

 private:
  explicit FreezeWindow(FreezeFacet& freezer) : freezer_(&freezer) {}

  FreezeFacet* freezer_;
};

} // namespace schedrig::engine
