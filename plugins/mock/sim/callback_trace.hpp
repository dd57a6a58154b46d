// SPDX-License-Identifier: MIT
// CallbackTrace: which of the policy's callbacks is at work, for who asks from another thread while
// one does not return. Written by the engine's thread; activity(): any.
#pragma once

#include <atomic>
#include <cstdint>

#include <schedrig/activity.hpp>

namespace schedrig::mock {

class CallbackTrace {
 public:
  // For as long as the callback `name`, a literal, is at work; callbacks nest.
  class Call {
   public:
    Call(CallbackTrace& trace, const char* name)
        : trace_(trace), outer_(trace.name_.load(std::memory_order_relaxed)) {
      const std::uint64_t calls = trace.calls_.load(std::memory_order_relaxed);
      trace.calls_.store(calls + 1, std::memory_order_relaxed);
      trace.name_.store(name, std::memory_order_relaxed);
    }
    ~Call() { trace_.name_.store(outer_, std::memory_order_relaxed); }
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;

   private:
    CallbackTrace& trace_;
    const char* outer_;
  };

  void read(Activity* out) const {
    out->call = calls_.load(std::memory_order_relaxed);
    out->callback = name_.load(std::memory_order_relaxed);
  }

 private:
  std::atomic<const char*> name_ = "";
  std::atomic<std::uint64_t> calls_ = 0;
};

} // namespace schedrig::mock
