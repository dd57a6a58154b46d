// SPDX-License-Identifier: MIT
// Where the running kernel says that its sched_ext scheduler dies: the word that whoever ejects it
// writes first (scx_claim_exit() of kernel/sched/ext.c, Linux 6.18). The global scx_exit_kind in
// the first kernels with sched_ext, later the field exit_kind of the struct scx_sched at scx_root;
// symbols and types decide which. Thread: host.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <schedrig/result.hpp>

#include "host/kernel_view/kernel_view.hpp"

namespace schedrig::kernel_view {

struct LiveExitKind {
  std::uint64_t address = 0; // linear
  std::uint32_t bytes = 0;
  std::uint64_t first_error = 0;     // SCX_EXIT_ERROR
  std::vector<std::uint64_t> errors; // all values of enum scx_exit_kind from it on
  std::string place;                 // "scx_exit_kind" or "scx_root->exit_kind"
};

// Of the scheduler that is attached; it may come and go meanwhile. kNotFound: none is, or this
// kernel has no such word.
[[nodiscard]] Result<LiveExitKind> find_live_exit_kind(const KernelView& view);

} // namespace schedrig::kernel_view
