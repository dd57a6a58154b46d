// SPDX-License-Identifier: MIT
// The dispatch queues of sched_ext and the tasks on them (struct scx_dispatch_q of
// include/linux/sched/ext.h, struct scx_sched of kernel/sched/ext_internal.h). Names and places
// differ between kernels; each is looked for by name: of Linux 6.12 to 6.15 the variables dsq_hash
// and global_dsqs, from 6.16 on fields of the struct scx_sched at scx_root, from 7.1 on of all
// schedulers that are attached. Thread: host.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <schedrig/result.hpp>

#include "host/kernel_view/kernel_view.hpp"

namespace schedrig::kernel_view {

enum class DsqKind : std::uint32_t {
  kLocal = 0, // a CPU's own: it runs from this one alone
  kReject,    // of a CPU, for tasks that may not be where they were put
  kGlobal,    // of a NUMA node
  kBypass,    // of a CPU, while the scheduler is not asked
  kUser,      // made by the scheduler
};
// "local", "reject", ...
[[nodiscard]] std::string_view to_string(DsqKind kind) noexcept;

struct QueuedTask {
  std::uint64_t address = 0; // of its task_struct
  std::int32_t pid = 0;
  std::uint64_t vtime = 0; // dsq_vtime
};

struct DsqFacts {
  DsqKind kind = DsqKind::kLocal;
  std::uint64_t address = 0; // of its struct scx_dispatch_q
  std::uint64_t id = 0;
  std::optional<std::uint32_t> owner; // CPU; of a global one the NUMA node; none of the user's
  std::string scheduler;              // that it belongs to; empty: to the kernel, or it is not said
  std::uint32_t nr = 0;               // as the kernel counts
  bool by_vtime = false;              // in an order by vtime at the moment
  std::vector<QueuedTask> tasks;      // in the order that they will be taken in
};

// Queues of CPUs first, then each scheduler's. kNotFound: the kernel is built without sched_ext, or
// has its queues where none of the kernels known here has; kBadData: a pointer that leads astray,
// or more tasks and queues than a kernel can have.
Result<std::vector<DsqFacts>> walk_dsqs(const KernelView& view);

} // namespace schedrig::kernel_view
