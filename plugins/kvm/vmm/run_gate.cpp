// SPDX-License-Identifier: MIT
#include "run_gate.hpp"

#include <algorithm>
#include <utility>

#include <sched.h>

namespace schedrig::kvm {
namespace {

// Between repeated kicks of a thread that has not come: one is enough by design, so this only
// bounds how late a lost one would be noticed.
constexpr auto kKickAgain = std::chrono::milliseconds(10);

} // namespace

void RunGate::reset(std::uint32_t threads) {
  const std::lock_guard lock(mutex_);
  standing_.assign(threads, true);
  places_ = std::vector<Place>(threads);
  running_ = 0;
  shut_ = true;
  closed_ = false;
}

// Only the last one's coming is news to who waits for all, and one that was asked for.
void RunGate::stand(std::uint32_t thread) {
  if (!standing_[thread]) {
    standing_[thread] = true;
    if (--running_ == 0) {
      stood_at_ = std::chrono::steady_clock::now();
    }
    if (running_ == 0 || places_[thread].wanted) {
      stood_.notify_all();
    }
  }
}

bool RunGate::pass(std::uint32_t thread) {
  std::unique_lock lock(mutex_);
  stand(thread);
  Place& place = places_[thread];
  place.since = std::chrono::steady_clock::now();
  yield_now(lock, place);
  while (!closed_ && (is_shut() || place.held)) {
    wait_while_held(lock, place);
  }
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

// Shut for all, it waits for that alone: time goes on at postpone() then.
void RunGate::wait_while_held(std::unique_lock<std::mutex>& lock, Place& place) {
  if (is_shut() || place.until == Deadline::max()) {
    opened_.wait(lock);
  } else {
    opened_.wait_until(lock, place.until);
  }
  const auto now = std::chrono::steady_clock::now();
  if (place.held && !is_shut() && now >= place.until) {
    let_go(place, now);
  }
}

void RunGate::yield_now(std::unique_lock<std::mutex>& lock, Place& place) {
  if (place.yields) {
    lock.unlock();
    ::sched_yield();
    lock.lock();
    place.yields = false;
    place.wanted = place.held;
    stood_.notify_all();
  }
}

void RunGate::let_go(Place& place, Deadline now) {
  if (place.held) {
    place.sum += std::max(now - place.since, Deadline::duration::zero());
  }
  place.held = false;
  place.wanted = place.yields;
}

void RunGate::hold(std::uint32_t thread, Deadline until) {
  {
    const std::lock_guard lock(mutex_);
    Place& place = places_[thread];
    if (!place.held) {
      place.since = std::chrono::steady_clock::now();
    }
    place.held = true;
    place.until = until;
    place.wanted = true;
  }
  opened_.notify_all(); // who stands there looks at the new time
}

void RunGate::release(std::uint32_t thread) {
  {
    const std::lock_guard lock(mutex_);
    let_go(places_[thread], std::chrono::steady_clock::now());
  }
  opened_.notify_all();
}

void RunGate::release_all() {
  {
    const std::lock_guard lock(mutex_);
    for (Place& place : places_) {
      let_go(place, std::chrono::steady_clock::now());
    }
  }
  opened_.notify_all();
}

void RunGate::postpone(std::chrono::steady_clock::duration by) {
  const std::lock_guard lock(mutex_);
  for (Place& place : places_) {
    place.since += by;
    if (place.held && place.until != Deadline::max()) {
      place.until += by;
    }
  }
}

void RunGate::yield(std::uint32_t thread) {
  const std::lock_guard lock(mutex_);
  places_[thread].yields = true;
  places_[thread].wanted = true;
}

RunGate::Deadline::duration RunGate::take_held(std::uint32_t thread) {
  const std::lock_guard lock(mutex_);
  return std::exchange(places_[thread].sum, Deadline::duration::zero());
}

bool RunGate::wait_until_stands(std::uint32_t thread, Deadline deadline,
                                const std::function<void(std::uint32_t)>& kick) {
  std::unique_lock lock(mutex_);
  const Place& place = places_[thread];
  // One that stands for another reason yields when it goes on.
  const auto there = [&] { return standing_[thread] || (!place.yields && !place.held); };
  while (!there()) {
    if (std::chrono::steady_clock::now() >= deadline) {
      return false;
    }
    kick(thread);
    const auto now = std::chrono::steady_clock::now();
    stood_.wait_for(lock, std::min<Deadline::duration>(kKickAgain, deadline - now), there);
  }
  return true;
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
