// SPDX-License-Identifier: MIT
// Lifecycle: whether the guest runs, and why it ended. Shared by vCPU threads, devices and Vm.
//
// The first end wins. Thread: any.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <utility>

#include "vm_end.hpp"

namespace schedrig::kvm {

class Lifecycle {
 public:
  [[nodiscard]] bool over() const noexcept { return over_.load(std::memory_order_acquire); }

  // The guest ended by itself. False when something ended it before.
  bool end(VmEnd end) {
    const std::lock_guard lock(mutex_);
    if (over()) {
      return false;
    }
    end_ = std::move(end);
    over_.store(true, std::memory_order_release);
    return true;
  }

  // The host stops the guest: no VmEnd.
  void stop() {
    const std::lock_guard lock(mutex_);
    over_.store(true, std::memory_order_release);
  }

  // A new life.
  void restart() {
    const std::lock_guard lock(mutex_);
    end_.reset();
    over_.store(false, std::memory_order_release);
  }

  [[nodiscard]] std::optional<VmEnd> reason() const {
    const std::lock_guard lock(mutex_);
    return end_;
  }

 private:
  mutable std::mutex mutex_;
  std::atomic<bool> over_ = false;
  std::optional<VmEnd> end_;
};

} // namespace schedrig::kvm
