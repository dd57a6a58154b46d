// SPDX-License-Identifier: MIT
// Work types of one task and its CPU: bursts, yields, sleeps, file writes, and sequences of these.
#include <algorithm>

#include "plugins/mock/work/workers.hpp"

namespace schedrig::mock {

Action Workers::next_yield(Worker& worker, Nanos work_ns) {
  if (worker.phase++ == 0) {
    return compute(work_ns);
  }
  worker.phase = 0;
  ++worker.iterations;
  return {.kind = ActionKind::kYield};
}

Action Workers::next_burst(Worker& worker, const WorkSpec& spec) {
  if (worker.phase++ == 0) {
    // Whole units: the clock is looked at between them.
    return compute(((spec.burst_ns + kUnitNs - 1) / kUnitNs) * kUnitNs);
  }
  worker.phase = 0;
  ++worker.iterations;
  return {.kind = ActionKind::kSleep, .precise = spec.precise_timing != 0, .ns = spec.sleep_ns};
}

Action Workers::write_file(std::uint64_t bytes) {
  stats_.bytes_written += bytes;
  const std::uint64_t pages = (bytes + kPageBytes - 1) / kPageBytes;
  return compute(kSyscallNs + (static_cast<Nanos>(pages) * kWritePageNs));
}

Action Workers::next_io(Worker& worker, const WorkSpec& spec) {
  if (worker.phase++ == 0) {
    return write_file(spec.footprint_bytes);
  }
  worker.phase = 0;
  ++worker.iterations;
  return {.kind = ActionKind::kSleep, .ns = spec.sleep_ns};
}

// A phase ends when the clock has passed its time; at least one step of it is taken.
Action Workers::next_in_sequence(Worker& worker, const Group& group, Nanos now) {
  if (now >= worker.phase_until) {
    worker.phase_until = kNever;
    worker.turn = 0;
    if (++worker.phase == group.phases.size()) {
      worker.phase = 0;
      ++worker.iterations;
    }
  }
  const WorkPhase& phase = group.phases[worker.phase];
  if (worker.phase_until == kNever) {
    worker.phase_until = now + phase.duration_ns;
  }
  switch (phase.kind) {
  case PhaseKind::kSleep:
    return {.kind = ActionKind::kSleep, .ns = worker.phase_until - now};
  case PhaseKind::kYield:
    if (worker.turn++ % 2 == 1) {
      return {.kind = ActionKind::kYield};
    }
    return compute(kUnitNs);
  case PhaseKind::kIo:
    return write_file(WorkSpec{}.footprint_bytes);
  case PhaseKind::kSpin:
    break;
  }
  const Nanos units = (worker.phase_until - now + kUnitNs - 1) / kUnitNs;
  return compute(std::max<Nanos>(units, 1) * kUnitNs);
}

} // namespace schedrig::mock
