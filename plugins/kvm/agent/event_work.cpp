// SPDX-License-Identifier: MIT
#include "agent/event_work.hpp"

#include <climits>

#include <unistd.h>

#include "agent/clock.hpp"
#include "agent/futex.hpp"

namespace schedrig::agent {
namespace {

// Whether a is behind b; both run free.
bool is_before(std::uint32_t a, std::uint32_t b) noexcept {
  return static_cast<std::int32_t>(a - b) < 0;
}

std::atomic<std::uint32_t>& call_of(SharedEvent& event, std::uint32_t ticket) noexcept {
  return event.calls[ticket % event.calls.size()];
}

void wait_for_ticket(const WorkerContext& context, Meter& meter, SharedEvent& event,
                     std::uint32_t ticket) noexcept {
  const std::atomic<std::uint32_t>& call = call_of(event, ticket);
  const std::int64_t wait_start = monotonic_ns();
  std::uint32_t called = call.load(std::memory_order_acquire);
  while (!is_before(ticket, called) && running(context)) {
    wait_for_change(call, called, context.slot->gate);
    called = call.load(std::memory_order_acquire);
  }
  if (running(context)) {
    note_wait(meter, wait_start, event.woke_ns.load(std::memory_order_acquire));
  }
}

// False: nobody waits.
bool serve_next(SharedEvent& event) noexcept {
  std::uint32_t ticket = event.served.load(std::memory_order_acquire);
  do {
    if (!is_before(ticket, event.tickets.load(std::memory_order_acquire))) {
      return false;
    }
  } while (!event.served.compare_exchange_weak(ticket, ticket + 1, std::memory_order_acq_rel));
  event.woke_ns.store(monotonic_ns(), std::memory_order_release);
  // Another waker may have served a later ticket of this word already.
  std::atomic<std::uint32_t>& call = call_of(event, ticket);
  std::uint32_t called = call.load(std::memory_order_acquire);
  while (is_before(called, ticket + 1) &&
         !call.compare_exchange_weak(called, ticket + 1, std::memory_order_release)) {
  }
  wake(call, INT_MAX);
  return true;
}

void serve_until(SharedEvent& event, std::uint32_t end) noexcept {
  while (is_before(event.served.load(std::memory_order_acquire), end) && serve_next(event)) {
  }
}

} // namespace

void lock_event(const WorkerContext& context, Meter& meter, std::uint32_t mutex) noexcept {
  std::atomic<std::uint32_t>& owner = context.events[mutex].owner;
  const auto self = static_cast<std::uint32_t>(::getpid());
  std::uint32_t held = 0;
  if (owner.compare_exchange_strong(held, self, std::memory_order_acquire)) {
    return;
  }
  const std::int64_t wait_start = monotonic_ns();
  while (running(context)) {
    if (held == 0) {
      // Others may wait too: who was woken cannot know.
      if (owner.compare_exchange_strong(held, self | kWaitedFor, std::memory_order_acquire)) {
        note_wait(meter, wait_start, context.events[mutex].woke_ns.load(std::memory_order_acquire));
        return;
      }
    } else if ((held & kWaitedFor) != 0 ||
               owner.compare_exchange_strong(held, held | kWaitedFor, std::memory_order_relaxed)) {
      wait_for_change(owner, held | kWaitedFor, context.slot->gate);
      held = owner.load(std::memory_order_acquire);
    }
  }
  wake(owner, 1); // the wake-up that ended this wait may have been meant for the next
}

void unlock_event(const WorkerContext& context, std::uint32_t mutex) noexcept {
  SharedEvent& event = context.events[mutex];
  const std::uint32_t held = event.owner.load(std::memory_order_acquire);
  if ((held & ~kWaitedFor) != static_cast<std::uint32_t>(::getpid())) {
    return;
  }
  event.woke_ns.store(monotonic_ns(), std::memory_order_release);
  if ((event.owner.exchange(0, std::memory_order_release) & kWaitedFor) != 0) {
    wake(event.owner, 1);
  }
}

void wait_on_event(const WorkerContext& context, Meter& meter, std::uint32_t condition,
                   std::uint32_t mutex) noexcept {
  SharedEvent& event = context.events[condition];
  // Before the mutex is free: no signal is lost.
  const std::uint32_t ticket = event.tickets.fetch_add(1, std::memory_order_acq_rel);
  unlock_event(context, mutex);
  wait_for_ticket(context, meter, event, ticket);
  lock_event(context, meter, mutex);
}

void suspend_on_event(const WorkerContext& context, Meter& meter,
                      std::uint32_t condition) noexcept {
  SharedEvent& event = context.events[condition];
  wait_for_ticket(context, meter, event, event.tickets.fetch_add(1, std::memory_order_acq_rel));
}

void signal_event(const WorkerContext& context, std::uint32_t condition) noexcept {
  (void)serve_next(context.events[condition]);
}

void broadcast_event(const WorkerContext& context, std::uint32_t condition) noexcept {
  SharedEvent& event = context.events[condition];
  serve_until(event, event.tickets.load(std::memory_order_acquire));
}

void meet_at_event(const WorkerContext& context, Meter& meter, std::uint32_t barrier,
                   std::uint32_t workers) noexcept {
  if (workers < 2) {
    return;
  }
  SharedEvent& event = context.events[barrier];
  const std::uint32_t ticket = event.tickets.fetch_add(1, std::memory_order_acq_rel);
  if (ticket % workers == workers - 1) {
    serve_until(event, ticket + 1); // itself and those before
  } else {
    wait_for_ticket(context, meter, event, ticket);
  }
}

} // namespace schedrig::agent
