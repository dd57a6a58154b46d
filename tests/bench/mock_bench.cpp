// SPDX-License-Identifier: MIT
// How fast the mock machine simulates: events per second, beside a loop that takes as many events
// out of a priority queue of the same length and puts each back, in the same run. The ratio says
// what an event costs beyond being queued; it depends on the host much less than the rates do.
//
//   schedrig_bench [EVENTS [CPUS TASKS]]   about how many events each row simulates (default
//                                          2000000); one machine only
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <queue>
#include <string>
#include <vector>

#include <schedrig/sim_policy_adapter.hpp>

#include "plugins/mock/backend/machine.hpp"
#include "plugins/schedulers/eevdf/policy.hpp"
#include "plugins/schedulers/fifo/policy.hpp"

namespace schedrig::mock {
namespace {

constexpr std::int64_t kMs = 1'000'000;

struct Silent final : EventSink, PidSink, WorkerReportSink {
  void on_event(const Event& /*event*/) noexcept override {}
  void on_pid(std::uint32_t /*worker*/, std::int32_t /*pid*/) noexcept override {}
  void on_report(const WorkerReport& /*report*/) noexcept override {}
};

struct EventCount final : FactSink {
  std::uint64_t events = 0;
  void on_fact(std::string_view key, std::string_view value) noexcept override {
    if (key == "sim.events") {
      events = std::strtoull(std::string(value).c_str(), nullptr, 10);
    }
  }
};

struct NoServices final : HostServices {
  void log(LogLevel /*level*/, std::string_view /*text*/) noexcept override {}
  [[nodiscard]] std::string_view plugin_directory() const noexcept override { return "/"; }
};

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

struct QueuedEvent {
  std::int64_t at;
  std::uint64_t order;
  std::uint64_t payload;
  bool operator>(const QueuedEvent& other) const {
    return at != other.at ? at > other.at : order > other.order;
  }
};

double bare_rate(std::uint64_t events, std::uint32_t length) {
  std::priority_queue<QueuedEvent, std::vector<QueuedEvent>, std::greater<>> queue;
  std::uint64_t random = 1;
  const auto later = [&random] {
    random = (random * 6364136223846793005ULL) + 1442695040888963407ULL;
    return static_cast<std::int64_t>(random >> 44U); // up to a millisecond
  };
  for (std::uint64_t i = 0; i < length; ++i) {
    queue.push({later(), i, i});
  }
  std::uint64_t sum = 0;
  const auto start = Clock::now();
  for (std::uint64_t i = 0; i < events; ++i) {
    QueuedEvent event = queue.top();
    queue.pop();
    sum += event.payload;
    event.at += later();
    event.order = length + i;
    queue.push(event);
  }
  const double seconds = seconds_since(start);
  return sum == 0 ? 0 : static_cast<double>(events) / seconds;
}

// A quarter of the tasks use all the CPU they get, a quarter exchange bytes in pairs, half sleep
// and work in turn: what a machine with services and batch jobs does.
void spawn_mix(TasksFacet& tasks, std::uint32_t count, Silent& sink) {
  WorkSpec bursty = default_work(WorkType::kBursty);
  bursty.burst_ns = kMs / 5;
  bursty.sleep_ns = kMs;
  WorkSpec pipe = default_work(WorkType::kPipeIo);
  pipe.burst_iterations = 50;
  WorkSpec spin = default_work(WorkType::kSpin);
  const auto run = [&](WorkSpec& spec, std::uint32_t workers) {
    while (workers > 0) {
      spec.workers = std::min(workers, kMaxWorkersPerGroup);
      workers -= spec.workers;
      std::uint32_t group = 0;
      if (!tasks.spawn(spec, &group, sink).ok() || !tasks.start(group).ok()) {
        std::fputs("schedrig_bench: cannot spawn\n", stderr);
        std::exit(1);
      }
    }
  };
  const std::uint32_t pairs = std::max(count / 8, 1U);
  run(bursty, count / 2);
  run(pipe, 2 * pairs);
  run(spin, std::max(count - (count / 2) - (2 * pairs), 1U));
}

template <class Policy>
void measure(const char* name, std::uint32_t cpus, std::uint32_t count, std::uint64_t wanted) {
  Silent sink;
  NoServices services;
  PolicyPlugin<Policy> plugin(services);
  const Topology topology =
      cpus <= 8 ? Topology::uniform(1, 1, cpus, 1) : Topology::uniform(2, cpus / 8, 4, 2);
  MachineSpec spec;
  spec.topology = topology.view();
  spec.memory_bytes = 1ULL << 30U;
  MockMachine machine(spec, sink);
  static_cast<void>(machine.boot(1'000 * kMs));
  auto& schedulers = *query<SchedulersFacet>(machine);
  static_cast<void>(schedulers.attach(name, plugin, {}, 1'000 * kMs));
  spawn_mix(*query<TasksFacet>(machine), count, sink);

  const auto events = [&] {
    EventCount facts;
    machine.describe(facts);
    return facts.events;
  };
  WakeReason reason = WakeReason::kDeadline;
  const auto run_for = [&](std::int64_t ns) {
    static_cast<void>(machine.wait_until(machine.now_ns() + ns, &reason));
  };
  run_for(20 * kMs); // until everyone has had a turn
  const std::uint64_t before = events();
  const std::int64_t virtual_start = machine.now_ns();
  const auto start = Clock::now();
  std::uint64_t done = 0;
  double seconds = 0;
  while (done < wanted && seconds < 10) {
    run_for(10 * kMs);
    done = events() - before;
    seconds = seconds_since(start);
  }
  const double rate = static_cast<double>(done) / seconds;
  const double bare = bare_rate(done, count + (2 * cpus));
  std::printf("%-6s %4u %6u %10llu %8.2f %8.2f %6.2f %9.3f\n", name, cpus, count,
              static_cast<unsigned long long>(done), rate / 1e6, bare / 1e6, rate / bare,
              static_cast<double>(machine.now_ns() - virtual_start) / 1e9 / seconds);
  std::fflush(stdout);
  static_cast<void>(machine.shut_down(0));
}

} // namespace
} // namespace schedrig::mock

int main(int argc, char** argv) {
  using namespace schedrig;
  const std::uint64_t wanted = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 2'000'000;
  std::puts("                        events, 10^6 events/s:      simulated s");
  std::puts("policy cpus  tasks     simulated mock     bare    ratio per second");
  const auto both = [wanted](std::uint32_t cpus, std::uint32_t tasks) {
    mock::measure<fifo::Fifo>("fifo", cpus, tasks, wanted);
    mock::measure<eevdf::Eevdf>("eevdf", cpus, tasks, wanted);
  };
  const auto number = [&](int i) {
    return static_cast<std::uint32_t>(std::strtoul(argv[i], nullptr, 10));
  };
  if (argc > 3) {
    both(number(2), number(3));
    return 0;
  }
  for (const std::uint32_t cpus : {8U, 64U, 512U}) {
    for (const std::uint32_t tasks : {10U, 256U, 2'000U, 10'000U}) {
      both(cpus, tasks);
    }
  }
  return 0;
}
