// SPDX-License-Identifier: MIT
// The loops of the work types, one file a family. Each returns when its gate no longer says kRun.
// The cycles are those of schedrig/work.hpp.
#pragma once

#include "agent/work_loop.hpp"

namespace schedrig::agent {

// cpu_work.cpp
void spin(const WorkerContext& context, Meter& meter) noexcept;
void yield(const WorkerContext& context, Meter& meter) noexcept;
void mixed(const WorkerContext& context, Meter& meter) noexcept;
void bursty(const WorkerContext& context, Meter& meter) noexcept; // idle_churn too
void io_sync(const WorkerContext& context, Meter& meter) noexcept;
// memory_work.cpp
void cache_pressure(const WorkerContext& context, Meter& meter) noexcept;
void cache_yield(const WorkerContext& context, Meter& meter) noexcept;
void page_fault_churn(const WorkerContext& context, Meter& meter) noexcept;
// pair_work.cpp
void pipe_io(const WorkerContext& context, Meter& meter) noexcept;
void cache_pipe(const WorkerContext& context, Meter& meter) noexcept;
void futex_ping_pong(const WorkerContext& context, Meter& meter) noexcept;
// team_work.cpp
void futex_fan_out(const WorkerContext& context, Meter& meter) noexcept;
void fan_out_compute(const WorkerContext& context, Meter& meter) noexcept;
void mutex_contention(const WorkerContext& context, Meter& meter) noexcept;
// churn_work.cpp
void fork_exit(const WorkerContext& context, Meter& meter) noexcept;
void nice_sweep(const WorkerContext& context, Meter& meter) noexcept;
void policy_churn(const WorkerContext& context, Meter& meter) noexcept;
void affinity_churn(const WorkerContext& context, Meter& meter) noexcept;
// sequence_work.cpp
void sequence(const WorkerContext& context, Meter& meter) noexcept;

} // namespace schedrig::agent
