// SPDX-License-Identifier: MIT
#include "plugins/mock/kernel/guest_kernel.hpp"

#include <algorithm>
#include <array>

#include "plugins/mock/kernel/vmlinux.hpp"

namespace schedrig::mock {
namespace {

constexpr std::uint32_t kScxOnline = 1U << 0U; // SCX_RQ_ONLINE, kernel/sched/ext.h

// Of the smallest machine: the image and 512 CPUs' areas are a tenth of its memory.
constexpr std::uint64_t kSmallest = 64ULL << 20U;
static_assert(kMaxCpus * layout::kPerCpuBytes <= kSmallest / 16);

std::uint64_t unsigned_of(Nanos ns) {
  return static_cast<std::uint64_t>(ns);
}

} // namespace

GuestKernel::GuestKernel(std::uint64_t memory_bytes, const KernelOptions& options,
                         std::uint64_t seed)
    : space_(std::max(memory_bytes, kSmallest), options, seed), jiffies_(kFirstJiffies) {}

Result<> GuestKernel::set_up(std::uint32_t cpus) {
  TRY(space_.map_all());
  const std::uint64_t areas = TRY(space_.allocate(cpus * layout::kPerCpuBytes, layout::kPageBytes));
  Ram& ram = space_.ram();
  const auto at = [&](std::uint64_t place) { return space_.image_physical(place); };
  const std::string_view banner = kernel_banner();
  ram.write(at(layout::kBanner),
            {reinterpret_cast<const std::uint8_t*>(banner.data()), banner.size()});
  ram.put(at(layout::kNrCpuIds), cpus);
  ram.put(at(layout::kJiffies), jiffies_);
  for (std::uint32_t cpu = 0; cpu < cpus; ++cpu) {
    const std::uint64_t area = areas + cpu * layout::kPerCpuBytes;
    const std::uint64_t queue = area + (layout::kRunqueues - layout::kPerCpu);
    cpus_.push_back(
        {.queue = Mirror<guest::Rq>(queue),
         .times = Mirror<guest::KernelCpustat>(area + (layout::kCpustat - layout::kPerCpu)),
         .events = Mirror<guest::ScxEventStats>(area + (layout::kScxPcpu - layout::kPerCpu)),
         .offset = space_.direct(area) - space_.image(layout::kPerCpu)});
    runqueues_.push_back(space_.direct(queue));
    ram.put(at(layout::kPerCpuOffsets) + cpu * sizeof area, cpus_.back().offset);
    TRY(space_.map_stack(cpu));
    put_idle_stack(cpu);
  }
  return {};
}

// Of a CPU that sleeps: who has called whom, the last above.
void GuestKernel::put_idle_stack(std::uint32_t cpu) {
  const std::array callers = {layout::Function::kDoIdle, layout::Function::kCpuStartupEntry};
  std::uint64_t at = idle_rsp(cpu);
  for (const layout::Function caller : callers) {
    space_.ram().put(space_.physical_of(at).value_or(0), code(caller));
    at += sizeof at;
  }
}

void GuestKernel::store_jiffies(Nanos now) {
  const std::uint64_t at = space_.image_physical(layout::kJiffies);
  const std::uint64_t ticks = jiffies_at(now);
  space_.ram().put(at, space_.ram().get<std::uint64_t>(at) + (ticks - jiffies_));
  jiffies_ = ticks;
}

void GuestKernel::store_cpus(const Sources& from) {
  const Engine& engine = from.engine;
  std::vector<std::uint32_t> running(engine.cpus());
  for (const auto& [pid, process] : from.processes.all()) {
    if (process.task == kNoTask) {
      continue;
    }
    const Task& task = engine.tasks()[process.task];
    if (task.state == TaskState::kRunning || task.state == TaskState::kRunnable) {
      ++running[static_cast<std::size_t>(task.sim.cpu)];
    }
  }
  // The simulation counts for the machine: CPU 0 has all of it.
  const EngineStats& stats = engine.stats();
  cpus_.front().events.store(space_.ram(), {.select_cpu_fallback = stats.select_cpu_fallback,
                                            .dispatch_keep_last = stats.dispatch_keep_last,
                                            .refill_slice_dfl = stats.refill_slice_default});
  for (CpuId id = 0; id < engine.cpus(); ++id) {
    const Cpu& cpu = engine.cpu(id);
    const bool busy = cpu.curr != kNoTask;
    guest::Rq now;
    now.nr_running = running[id];
    now.cpu = static_cast<std::int32_t>(id);
    now.nr_switches = cpu.switches;
    if (from.sched_ext()) {
      now.scx.nr_running = running[id];
      now.scx.flags = kScxOnline;
    } else {
      now.cfs = {.nr_queued = running[id], .h_nr_queued = running[id]};
    }
    now.scx.local_dsq = tasks_.queues().local(id);
    now.scx.runnable_list = tasks_.runnable(id);
    now.curr = tasks_.current(space_, engine, id);
    now.idle = tasks_.idle(space_, id);
    // update_rq_clock() is called at ticks and where the scheduler works.
    now.clock = now.clock_task = unsigned_of(busy ? cpu.exec_start : cpu.idle_since);
    now.scx.clock = from.sched_ext() ? now.clock : 0;
    guest::KernelCpustat times;
    const Nanos idle = engine.idle_ns(id);
    times.cpustat[guest::kStateUser] = unsigned_of(engine.now() - idle - engine.stolen_ns(id));
    times.cpustat[guest::kStateIdle] = unsigned_of(idle);
    times.cpustat[guest::kStateSteal] = unsigned_of(engine.stolen_ns(id));
    cpus_[id].queue.store(space_.ram(), now);
    cpus_[id].times.store(space_.ram(), times);
  }
}

std::optional<std::uint64_t> GuestKernel::exit_kind() const {
  const auto physical = tasks_.queues().exit_kind();
  return physical ? std::optional(space_.direct(*physical)) : std::nullopt;
}

Result<> GuestKernel::update(const Sources& from) {
  if (cpus_.empty()) {
    TRY(set_up(from.engine.cpus()));
  }
  store_jiffies(from.engine.now());
  TRY(cgroups_.store(space_, from.cgroups));
  TRY(tasks_.store(space_, from, cgroups_, runqueues_));
  store_cpus(from);
  TRY(maps_.store(space_, from));
  outdated_ = false;
  return {};
}

} // namespace schedrig::mock
