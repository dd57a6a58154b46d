// SPDX-License-Identifier: MIT
#include "tests/property/random_scenario.hpp"

#include <array>
#include <charconv>
#include <cstdlib>
#include <string_view>

#include <schedrig/prng.hpp>

namespace schedrig::property {
namespace {

// Few names, so that ops meet each other's cgroups.
constexpr std::array<std::string_view, 4> kCgroups = {"a", "b", "c", "base"};
constexpr std::array<std::string_view, 3> kPayloads = {"naps", "spins", "ends"};
constexpr std::array<std::string_view, 10> kWork = {
    "type = \"spin\", workers = 3",
    "type = \"spin\", workers_pct = 50",
    "type = \"yield\", workers = 2, nice = 5",
    "type = \"bursty\", workers = 2, burst = \"1ms\", sleep = \"2ms\"",
    "type = \"pipe_io\", workers = 2",
    "type = \"futex_ping_pong\", workers = 2",
    "type = \"mixed\", workers = 2, policy = \"batch\"",
    "type = \"fork_exit\", workers = 1",
    "type = \"affinity_churn\", workers = 2",
    "type = \"sequence\", workers = 1, phases = [ { spin = \"1ms\" }, { sleep = \"2ms\" } ]"};
constexpr std::array<std::string_view, 10> kCpusets = {
    "{ llc = 0 }",
    "{ llc = 1 }",
    "{ numa = 0 }",
    "{ range = [0.25, 0.75] }",
    "{ disjoint = { index = 1, of = 2 } }",
    "{ overlap = { index = 0, of = 2, frac = 0.5 } }",
    "{ exact = \"3\" }",
    "{ exact = \"0-1\" }",
    "{ exact = \"2,9\" }",     // there is no CPU 9
    "{ range = [0.1, 0.2] }"}; // no CPU at all
constexpr std::array<std::string_view, 7> kAffinities = {
    "\"inherit\"",      "\"llc\"",      "\"cross_cgroup\"",
    "\"single_cpu\"",   "\"smt_pair\"", "{ random = { count = 2 } }",
    "{ exact = \"1\" }"};
constexpr std::array<std::string_view, 6> kKnobs = {
    "",
    ", cpu = { weight = 300 }",
    ", cpu = { max = { quota = \"5ms\", period = \"10ms\" } }",
    ", memory = { max = \"64MiB\" }",
    ", pids = { max = 3 }",
    ", pids = { max = 40 }, io = { weight = 50 }"};

class Writer {
 public:
  Writer(std::uint64_t seed, const Shape& shape) : random_(seed, 0), shape_(shape) {}

  std::string write() {
    text_ = R"(schema = 1
[run]
name = "property"
duration = "2s"
deadline = "600s"
[machine]
topology = "1n2l2c1t"
[[payload]]
name = "naps"
binary = "sleep"
default_args = ["0.05"]
[[payload]]
name = "spins"
binary = "spin"
[[payload]]
name = "ends"
binary = "true"
checks = [ { metric = "exit_code", equals = 0 } ]
[[backdrop.cgroup]]
name = "base"
work = [ { )" +
            std::string(any(kWork)) + " } ]\n";
    for (std::uint32_t step = 1; step <= shape_.steps; ++step) {
      text_ += "[[step]]\nname = \"" + std::to_string(step) + "\"\n" + hold();
      const std::uint64_t ops = 1 + random_.below(shape_.ops);
      for (std::uint64_t i = 0; i < ops; ++i) {
        text_ += "[[step.op]]\n" + op();
      }
    }
    return text_;
  }

 private:
  template <class List> std::string_view any(const List& list) {
    return list.at(random_.below(list.size()));
  }
  bool one_in(std::uint64_t n) { return random_.below(n) == 0; }

  std::string cgroup() {
    return one_in(16) ? "\"unknown\"" : "\"" + std::string(any(kCgroups)) + "\"";
  }
  std::string payload() { return "\"" + std::string(any(kPayloads)) + "\""; }
  std::string work() {
    std::string text = "{ " + std::string(any(kWork));
    if (one_in(4)) {
      text += ", affinity = " + std::string(any(kAffinities));
    }
    return text + " }";
  }
  std::string hold() {
    const std::uint64_t kind = random_.below(8);
    return kind < 4   ? "hold = \"" + std::to_string(random_.below(300)) + "ms\"\n"
           : kind < 6 ? "hold = \"" + std::to_string(1 + random_.below(20)) + "%\"\n"
                      : "hold = { every = \"20ms\", for = \"60ms\" }\n";
  }
  static std::string line(std::string_view key, const std::string& value) {
    return std::string(key) + " = " + value + "\n";
  }
  static std::string kind(std::string_view name) {
    return "kind = \"" + std::string(name) + "\"\n";
  }
  std::string in_some_cgroup() { return one_in(3) ? "" : line("cgroup", cgroup()); }

  std::string op() {
    switch (random_.below(shape_.unlanded ? 24 : 23)) {
    case 0:
    case 1:
      return kind("add_cgroup") + line("name", cgroup());
    case 2:
    case 3:
    case 4:
      return kind("add_cgroup_def") +
             line("def", "{ name = " + cgroup() + ", cpuset = " + std::string(any(kCpusets)) +
                             std::string(any(kKnobs)) + ", work = [ " + work() + " ] }");
    case 5:
      return kind("remove_cgroup") + line("cgroup", cgroup()) +
             line("missing_ok", one_in(2) ? "true" : "false");
    case 6:
      return kind("set_cpuset") + line("cgroup", cgroup()) +
             line("cpus", std::string(any(kCpusets)));
    case 7:
      return kind("clear_cpuset") + line("cgroup", cgroup());
    case 8:
      return kind("swap_cpusets") + line("a", cgroup()) + line("b", cgroup());
    case 9:
      return kind("stop_cgroup") + line("cgroup", cgroup());
    case 10:
    case 11:
      return kind("move_all_tasks") + line("from", one_in(4) ? "\"\"" : cgroup()) +
             line("to", cgroup());
    case 12:
    case 13:
      return kind("freeze_cgroup") + line("cgroup", cgroup()) +
             line("wait", one_in(3) ? "\"0s\"" : "\"1s\"");
    case 14:
      return kind("unfreeze_cgroup") + line("cgroup", cgroup());
    case 15:
      return kind("capture_cgroup_procs") + line("tag", "\"t\"") + line("cgroup", cgroup()) +
             line("threads", one_in(2) ? "true" : "false");
    case 16:
    case 17:
      return spawn();
    case 18:
      return kind("set_affinity") + line("cgroup", cgroup()) +
             line("affinity", std::string(any(kAffinities)));
    case 19:
      return kind("run_payload") + line("payload", payload()) + in_some_cgroup();
    case 20:
      return one_in(2) ? kind("kill_payload") + line("name", payload()) + in_some_cgroup()
                       : kind("wait_payload") + line("name", payload()) + in_some_cgroup() +
                             line("timeout", "\"200ms\"");
    case 21:
      return scheduler_op();
    case 22:
      return kind("steer_irq") + line("irq", std::to_string(random_.below(30))) +
             line("cpu", std::to_string(random_.below(4)));
    default:
      return kind("read_kernel_hot") + line("tag", "\"t\"") +
             line("target", "{ symbol = \"jiffies_64\" }") + line("width", "\"u64\"");
    }
  }

  std::string spawn() {
    if (one_in(3)) { // the decoder refuses workers_pct there
      return kind("spawn") + line("placement", "\"runner\"") +
             line("work", "{ " + std::string(kWork.front()) + " }");
    }
    return kind("spawn") + line("placement", "{ cgroup = " + cgroup() + " }") +
           line("work", work());
  }

  std::string scheduler_op() {
    constexpr std::array<std::string_view, 2> kSchedulers = {"fifo", "vtime"};
    switch (random_.below(4)) {
    case 0:
      return kind("attach_scheduler") +
             line("scheduler", "\"" + std::string(any(kSchedulers)) + "\"");
    case 1:
      return kind("detach_scheduler");
    case 2:
      return kind("restart_scheduler");
    default:
      return kind("replace_scheduler") +
             line("scheduler", "\"" + std::string(any(kSchedulers)) + "\"");
    }
  }

  Prng random_;
  const Shape& shape_;
  std::string text_;
};

} // namespace

std::string random_scenario(std::uint64_t seed, const Shape& shape) {
  return Writer(seed, shape).write();
}

std::uint64_t seed_count(std::uint64_t otherwise) {
  const char* given = std::getenv("SCHEDRIG_PROPERTY_SEEDS");
  if (given == nullptr) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return otherwise / 4; // they take more than ten times as long for each
#else
    return otherwise;
#endif
  }
  const std::string_view text = given;
  std::uint64_t count = otherwise;
  std::from_chars(text.data(), text.data() + text.size(), count);
  return count;
}

} // namespace schedrig::property
