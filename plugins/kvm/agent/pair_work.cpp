// SPDX-License-Identifier: MIT
// Pairs that wake each other in turn, through pipes or through a futex. Both work at first; from
// then on each waits for the other before it works again.
#include <unistd.h>

#include "agent/clock.hpp"
#include "agent/futex.hpp"
#include "agent/work_types.hpp"
#include "agent/working_set.hpp"

namespace schedrig::agent {
namespace {

// False: stopped, or the partner is gone.
bool exchange_bytes(const WorkerContext& context, Meter& meter) noexcept {
  char byte = 0;
  const std::int64_t wait_start = monotonic_ns();
  context.slot->handoff_ns.store(wait_start, std::memory_order_release);
  const bool wrote = ::write(context.write_fd, &byte, 1) == 1;
  if (!wrote || ::read(context.read_fd, &byte, 1) != 1) {
    return false;
  }
  note_wait(meter, wait_start, context.partner->handoff_ns.load(std::memory_order_acquire));
  return true;
}

} // namespace

void pipe_io(const WorkerContext& context, Meter& meter) noexcept {
  while (running(context)) {
    work_units(context, meter, context.spec->burst_iterations);
    if (exchange_bytes(context, meter)) {
      meter.iteration();
    } else {
      rest(context);
    }
  }
}

void cache_pipe(const WorkerContext& context, Meter& meter) noexcept {
  WorkingSet set(*context.spec);
  while (running(context)) {
    for (std::uint32_t i = 0; i < context.spec->burst_iterations && running(context); ++i) {
      set.pass(context, meter);
    }
    if (exchange_bytes(context, meter)) {
      meter.iteration();
    } else {
      rest(context);
    }
  }
}

void futex_ping_pong(const WorkerContext& context, Meter& meter) noexcept {
  WorkerSlot& mine = *context.slot;
  const WorkerSlot& theirs = *context.partner;
  for (std::uint32_t exchanged = 0; running(context); ++exchanged) {
    work_units(context, meter, context.spec->burst_iterations);
    const std::int64_t wait_start = monotonic_ns();
    mine.handoff_ns.store(wait_start, std::memory_order_release);
    mine.handoffs.fetch_add(1, std::memory_order_release);
    wake(mine.handoffs, 1);
    while (theirs.handoffs.load(std::memory_order_acquire) == exchanged && running(context)) {
      wait_for_change(theirs.handoffs, exchanged, mine.gate);
    }
    if (running(context)) {
      note_wait(meter, wait_start, theirs.handoff_ns.load(std::memory_order_acquire));
      meter.iteration();
    }
  }
}

} // namespace schedrig::agent
