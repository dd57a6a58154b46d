// SPDX-License-Identifier: MIT
// Work types of one task and its CPU: units, yields, sleeps, file writes.
#include <sched.h>

#include "agent/clock.hpp"
#include "agent/work_types.hpp"

namespace schedrig::agent {

void spin(const WorkerContext& context, Meter& meter) noexcept {
  while (running(context)) {
    meter.unit();
    meter.iteration();
  }
}

void yield(const WorkerContext& context, Meter& meter) noexcept {
  while (running(context)) {
    meter.unit();
    ::sched_yield();
    meter.iteration();
  }
}

void mixed(const WorkerContext& context, Meter& meter) noexcept {
  while (running(context)) {
    work_units(context, meter, context.spec->burst_iterations);
    ::sched_yield();
    meter.iteration();
  }
}

void bursty(const WorkerContext& context, Meter& meter) noexcept {
  while (running(context)) {
    work_cpu_time(context, meter, context.spec->burst_ns);
    if (sleep_until(context, meter, monotonic_ns() + context.spec->sleep_ns)) {
      meter.iteration();
    }
  }
}

void io_sync(const WorkerContext& context, Meter& meter) noexcept {
  ScratchFile file;
  file.open();
  while (running(context)) {
    file.write(context, meter, context.spec->footprint_bytes);
    if (sleep_until(context, meter, monotonic_ns() + context.spec->sleep_ns)) {
      meter.iteration();
    }
  }
}

} // namespace schedrig::agent
