// SPDX-License-Identifier: MIT
// Which structure a per-CPU symbol is: symbols have no types, and BTF has these not as variables in
// every kernel. Thread: any.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include <schedrig/kernel_targets.hpp>
#include <schedrig/result.hpp>

#include "host/text/nearest.hpp"
#include "host/text/quote.hpp"

namespace schedrig::kernel_view {

struct PerCpuTemplate {
  std::string_view symbol;
  std::string_view structure;
};
// kernel/sched/sched.h, include/linux/kernel_stat.h, kernel/time/tick-sched.c of Linux 6.18.
inline constexpr std::array kPerCpuTemplates = {
    PerCpuTemplate{"runqueues", "rq"}, PerCpuTemplate{"kernel_cpustat", "kernel_cpustat"},
    PerCpuTemplate{"kstat", "kernel_stat"}, PerCpuTemplate{"tick_cpu_sched", "tick_sched"}};

// What the target says, else what is known of its symbol. kNotFound: neither.
inline Result<std::string> per_cpu_structure(const PerCpuTarget& target) {
  if (!target.type.empty()) {
    return target.type;
  }
  std::array<std::string_view, kPerCpuTemplates.size()> names;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (kPerCpuTemplates[i].symbol == target.symbol) {
      return std::string(kPerCpuTemplates[i].structure);
    }
    names[i] = kPerCpuTemplates[i].symbol;
  }
  return fail(
      StatusCode::kNotFound, "nothing says which structure " + text::quote(target.symbol) + " is",
      "add type = \"struct ...\"; " + text::suggest(target.symbol, names, "known ones are"));
}

} // namespace schedrig::kernel_view
