// SPDX-License-Identifier: MIT
// Work types of one task and its CPU: bursts, yields, sleeps, file writes.
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

} // namespace schedrig::mock
