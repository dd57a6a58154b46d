// SPDX-License-Identifier: MIT
#include "run_gate.hpp"

#include <algorithm>

namespace schedrig::kvm {
namespace {

// Between repeated kicks of a thread that has not come: one is enough by design, so this only
// bounds how late a lost one would be noticed.
constexpr auto kKickAgain = std::chrono::milliseconds(10);

} // namespace

void RunGate::reset(std::uint32_t threads) {
  const std::lock_guard lock(mutex_);
  standing_.assign(threads, true);
  running_ = 0;
  shut_ = true;
  closed_ = false;
}

// Only the last one's coming is news to who waits for all.
void RunGate::stand(std::uint32_t thread) {
  if (!standing_[thread]) {
    standing_[thread] = true;
    if (--running_ == 0) {
      stood_at_ = std::chrono::steady_clock::now();
      stood_.notify_all();
    }
  }
}

bool RunGate::pass(std::uint32_t thread) {
  std::unique_lock lock(mutex_);
  stand(thread);
  opened_.wait(lock, [&] { return closed_ || !is_shut(); });
  if (closed_) {
    return false;
  }
  standing_[thread] = false;
  ++running_;
  return true;
}

void RunGate::leave(std::uint32_t thread) {
  const std::lock_guard lock(mutex_);
  stand(thread);
}

void RunGate::shut() {
  const std::lock_guard lock(mutex_);
  shut_.store(true, std::memory_order_release);
}

void RunGate::open() {
  {
    const std::lock_guard lock(mutex_);
    shut_.store(false, std::memory_order_release);
  }
  opened_.notify_all();
}

void RunGate::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    shut_.store(true, std::memory_order_release);
  }
  opened_.notify_all();
}

RunGate::Deadline RunGate::stood_at() const {
  const std::lock_guard lock(mutex_);
  return stood_at_;
}

std::optional<std::uint32_t>
RunGate::wait_until_all_stand(Deadline deadline, const std::function<void(std::uint32_t)>& kick) {
  std::unique_lock lock(mutex_);
  while (true) {
    std::optional<std::uint32_t> late;
    for (std::uint32_t i = 0; i < standing_.size(); ++i) {
      if (!standing_[i]) {
        kick(i);
        late = late.value_or(i);
      }
    }
    const auto now = std::chrono::steady_clock::now();
    if (!late || now >= deadline) {
      return late;
    }
    const auto again = std::min<std::chrono::steady_clock::duration>(kKickAgain, deadline - now);
    stood_.wait_for(lock, again, [&] { return running_ == 0; });
  }
}

} // namespace schedrig::kvm
