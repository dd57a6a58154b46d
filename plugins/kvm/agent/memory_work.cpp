// SPDX-License-Identifier: MIT
// Work types that live off memory: passes over a working set, page faults.
#include <algorithm>

#include <sched.h>
#include <sys/mman.h>

#include "agent/work_types.hpp"
#include "agent/working_set.hpp"

namespace schedrig::agent {
namespace {

constexpr std::uint64_t kPageBytes = 4096; // x86-64
// Stream number of Prng.
constexpr std::uint64_t kPagesStream = 2;

} // namespace

void WorkingSet::pass(const WorkerContext& context, Meter& meter) noexcept {
  std::uint64_t at = 0;
  while (at < bytes_ && running(context)) {
    for (std::uint32_t touch = 0; touch < kSpinUnit && at < bytes_; ++touch, at += stride_) {
      volatile std::byte& byte = memory_[at];
      byte = static_cast<std::byte>(std::to_integer<std::uint8_t>(byte) + 1);
    }
    meter.unit_done(pace_);
  }
}

void cache_pressure(const WorkerContext& context, Meter& meter) noexcept {
  WorkingSet set(*context.spec);
  while (running(context)) {
    set.pass(context, meter);
    meter.iteration();
  }
}

void cache_yield(const WorkerContext& context, Meter& meter) noexcept {
  WorkingSet set(*context.spec);
  while (running(context)) {
    set.pass(context, meter);
    ::sched_yield();
    meter.iteration();
  }
}

void page_fault_churn(const WorkerContext& context, Meter& meter) noexcept {
  const WorkSpec& spec = *context.spec;
  const std::uint64_t pages = std::max<std::uint64_t>(spec.footprint_bytes / kPageBytes, 1);
  std::byte* const memory = map_memory(pages * kPageBytes);
  // One fault a page, not one a huge page.
  ::madvise(memory, pages * kPageBytes, MADV_NOHUGEPAGE);
  Prng random(context.index, kPagesStream);
  Pace touching;
  Pace giving_back;
  while (running(context)) {
    for (std::uint32_t done = 0; done < spec.touches && running(context);) {
      const std::uint32_t until = std::min(spec.touches, done + 64);
      for (; done < until; ++done) {
        volatile std::byte& byte = memory[random.below(pages) * kPageBytes];
        byte = std::byte{1};
      }
      meter.step_done(touching);
    }
    work_units(context, meter, spec.burst_iterations);
    if (::madvise(memory, pages * kPageBytes, MADV_DONTNEED) != 0) {
      give_up(errno);
    }
    meter.step_done(giving_back);
    meter.iteration();
  }
}

} // namespace schedrig::agent
