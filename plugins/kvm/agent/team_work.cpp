// SPDX-License-Identifier: MIT
// Teams around one futex: a messenger that wakes its receivers, and the users of one lock.
#include <climits>
#include <cmath>

#include "agent/clock.hpp"
#include "agent/futex.hpp"
#include "agent/work_types.hpp"

namespace schedrig::agent {
namespace {

void call_receivers(TeamState& team) noexcept {
  team.called_ns.store(monotonic_ns(), std::memory_order_release);
  team.generation.fetch_add(1, std::memory_order_release);
  wake(team.generation, INT_MAX);
}

// The generation of the messenger's next call; `seen` if stopped before.
std::uint32_t wait_for_call(const WorkerContext& context, Meter& meter,
                            std::uint32_t seen) noexcept {
  const TeamState& team = *context.team;
  const std::int64_t wait_start = monotonic_ns();
  while (team.generation.load(std::memory_order_acquire) == seen && running(context)) {
    wait_for_change(team.generation, seen, context.slot->gate);
  }
  if (running(context)) {
    note_wait(meter, wait_start, team.called_ns.load(std::memory_order_acquire));
  }
  return team.generation.load(std::memory_order_acquire);
}

// Three square matrices of doubles that fill the footprint.
class Matrices {
 public:
  explicit Matrices(std::uint64_t footprint_bytes) noexcept
      : side_(side_of(footprint_bytes)),
        a_(reinterpret_cast<double*>(map_memory(3 * side_ * side_ * sizeof(double)))),
        b_(a_ + side_ * side_), product_(b_ + side_ * side_) {}

  // A unit of work is kSpinUnit multiplications and additions, or one element if that has more.
  void multiply(const WorkerContext& context, Meter& meter) noexcept {
    std::uint64_t steps = 0;
    for (std::uint64_t row = 0; row < side_; ++row) {
      for (std::uint64_t column = 0; column < side_; ++column) {
        double sum = 0;
        for (std::uint64_t k = 0; k < side_; ++k) {
          sum += a_[row * side_ + k] * b_[k * side_ + column];
        }
        static_cast<volatile double&>(product_[row * side_ + column]) = sum;
        steps += side_;
        if (steps >= kSpinUnit) {
          steps = 0;
          meter.unit_done(pace_);
          if (!running(context)) {
            return;
          }
        }
      }
    }
    meter.unit_done(pace_);
  }

 private:
  static std::uint64_t side_of(std::uint64_t bytes) noexcept {
    const auto side =
        static_cast<std::uint64_t>(std::sqrt(static_cast<double>(bytes) / (3 * sizeof(double))));
    return side > 0 ? side : 1;
  }

  std::uint64_t side_;
  double* a_;
  double* b_;
  double* product_;
  Pace pace_;
};

// False: stopped before it was free.
bool lock(const WorkerContext& context, Meter& meter) noexcept {
  TeamState& team = *context.team;
  std::uint32_t expected = kFree;
  if (team.lock.compare_exchange_strong(expected, kHeld, std::memory_order_acquire)) {
    return true;
  }
  const std::int64_t wait_start = monotonic_ns();
  while (team.lock.exchange(kHeldAndWaitedFor, std::memory_order_acquire) != kFree) {
    if (!running(context)) {
      return false;
    }
    wait_for_change(team.lock, kHeldAndWaitedFor, context.slot->gate);
  }
  note_wait(meter, wait_start, team.unlocked_ns.load(std::memory_order_acquire));
  return true;
}

void unlock(TeamState& team) noexcept {
  team.unlocked_ns.store(monotonic_ns(), std::memory_order_release);
  if (team.lock.exchange(kFree, std::memory_order_release) == kHeldAndWaitedFor) {
    wake(team.lock, 1);
  }
}

} // namespace

void futex_fan_out(const WorkerContext& context, Meter& meter) noexcept {
  std::uint32_t seen = 0;
  while (running(context)) {
    if (context.member == 0) {
      work_units(context, meter, context.spec->burst_iterations);
      call_receivers(*context.team);
      meter.iteration();
    } else {
      seen = wait_for_call(context, meter, seen);
      work_units(context, meter, context.spec->burst_iterations);
      if (running(context)) {
        meter.iteration();
      }
    }
  }
}

void fan_out_compute(const WorkerContext& context, Meter& meter) noexcept {
  if (context.member == 0) {
    while (running(context)) {
      call_receivers(*context.team);
      if (sleep_until(context, meter, monotonic_ns() + context.spec->sleep_ns)) {
        meter.iteration();
      }
    }
    return;
  }
  Matrices matrices(context.spec->footprint_bytes);
  std::uint32_t seen = 0;
  while (running(context)) {
    seen = wait_for_call(context, meter, seen);
    for (std::uint32_t i = 0; i < context.spec->operations && running(context); ++i) {
      matrices.multiply(context, meter);
    }
    if (running(context)) {
      meter.iteration();
    }
  }
}

void mutex_contention(const WorkerContext& context, Meter& meter) noexcept {
  while (running(context)) {
    work_units(context, meter, context.spec->burst_iterations);
    if (lock(context, meter)) {
      work_units(context, meter, context.spec->hold_iterations);
      unlock(*context.team);
      meter.iteration();
    }
  }
}

} // namespace schedrig::agent
