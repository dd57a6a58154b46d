// SPDX-License-Identifier: MIT
#include "host/kernel_view/cpu_walk.hpp"

#include <algorithm>
#include <cctype>
#include <string_view>
#include <utility>

#include "host/kernel_view/struct_reader.hpp"

namespace schedrig::kernel_view {
namespace {

class CpuWalk {
 public:
  static Result<CpuWalk> of(const KernelView& view) {
    const kernel::BtfTypes& types = view.facts().types;
    auto queue = TRY(StructReader::of(types, view.memory(), "rq"));
    auto task = TRY(StructReader::of(types, view.memory(), "task_struct"));
    auto times = TRY(StructReader::of(types, view.memory(), "kernel_cpustat"));
    auto states = TRY(types.enumerators("cpu_usage_stat"));
    return CpuWalk(view, std::move(queue), std::move(task), std::move(times), std::move(states));
  }

  Result<CpuFacts> facts(std::uint32_t cpu) {
    CpuFacts facts;
    facts.cpu = cpu;
    facts.address = TRY(view_->per_cpu_address("runqueues", cpu));
    const std::uint64_t at = facts.address;
    facts.nr_running = TRY(u32(at, "nr_running"));
    facts.nr_switches = TRY(queue_.number(at, "nr_switches"));
    facts.clock_ns = TRY(queue_.number(at, "clock"));
    facts.clock_task_ns = TRY(queue_.number(at, "clock_task"));
    facts.rt_nr_running = TRY(u32(at, "rt.rt_nr_running"));
    facts.dl_nr_running = TRY(u32(at, "dl.dl_nr_running"));
    if (queue_.has("scx")) {
      facts.scx = ScxQueueFacts{.nr_running = TRY(u32(at, "scx.nr_running")),
                                .flags = TRY(u32(at, "scx.flags")),
                                .clock = TRY(queue_.number(at, "scx.clock"))};
    }
    facts.curr = TRY(queue_.number(at, "curr"));
    if (facts.curr != 0) {
      facts.curr_pid = static_cast<std::int32_t>(TRY(task_.number(facts.curr, "pid")));
      facts.curr_comm = TRY(task_.text(facts.curr, "comm"));
    }
    facts.times = TRY(times(cpu));
    return facts;
  }

 private:
  CpuWalk(const KernelView& view, StructReader queue, StructReader task, StructReader times,
          std::vector<kernel::Enumerator> states)
      : view_(&view), queue_(std::move(queue)), task_(std::move(task)), times_(std::move(times)),
        states_(std::move(states)) {}

  Result<std::uint32_t> u32(std::uint64_t at, std::string_view path) {
    return static_cast<std::uint32_t>(TRY(queue_.number(at, path)));
  }

  // "CPUTIME_SOFTIRQ" is element 3 of cpustat and called softirq in documents.
  Result<std::vector<CpuTime>> times(std::uint32_t cpu) {
    constexpr std::string_view kPrefix = "CPUTIME_";
    std::vector<CpuTime> times;
    const std::uint64_t at = TRY(view_->per_cpu_address("kernel_cpustat", cpu));
    for (const kernel::Enumerator& state : states_) {
      const std::string element = "cpustat[" + std::to_string(state.value) + "]";
      if (!state.name.starts_with(kPrefix) || !times_.has(element)) {
        continue; // NR_STATS
      }
      std::string name = state.name.substr(kPrefix.size());
      std::ranges::transform(name, name.begin(),
                             [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      times.push_back({.state = std::move(name), .ns = TRY(times_.number(at, element))});
    }
    return times;
  }

  const KernelView* view_;
  StructReader queue_;
  StructReader task_;
  StructReader times_;
  std::vector<kernel::Enumerator> states_;
};

} // namespace

Result<std::vector<CpuFacts>> walk_cpus(const KernelView& view) {
  auto walk = TRY(CpuWalk::of(view));
  const std::uint32_t count = TRY(view.cpus());
  std::vector<CpuFacts> cpus;
  for (std::uint32_t cpu = 0; cpu < count; ++cpu) {
    auto facts = walk.facts(cpu);
    if (!facts) {
      return std::unexpected(
          std::move(facts).error().context("CPU " + std::to_string(cpu) + " in the kernel"));
    }
    cpus.push_back(*std::move(facts));
  }
  return cpus;
}

} // namespace schedrig::kernel_view
