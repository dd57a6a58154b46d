// SPDX-License-Identifier: MIT
// How a policy fails and what its exit tells: message, task, log and a dump of the machine's
// scheduling state (scx_vexit() and scx_dump_state() of kernel/sched/ext.c, Linux 6.18).
#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>

#include "plugins/mock/sim/engine.hpp"

namespace schedrig::mock {
namespace {

// A dump is for reading: beyond this many tasks it says how many more there are.
constexpr std::uint32_t kDumpedTasks = 32;
// As much of its log as a reader of a report wants; the kernel's trace buffer is another matter.
constexpr std::size_t kLogLines = 20;
constexpr std::size_t kLogLineBytes = 200;

std::string hex(std::uint64_t value) {
  std::array<char, 16> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, 16);
  return "0x" + std::string(digits.data(), end.ptr);
}

// "%*pb": words of 32 bits, the highest first.
std::string mask_text(const CpuMask& mask, std::uint32_t cpus) {
  std::string text;
  for (std::uint32_t word = (cpus + 31) / 32; word-- > 0;) {
    const auto bits = static_cast<std::uint32_t>(mask.words[word / 2] >> (word % 2 * 32));
    std::array<char, 9> digits{};
    std::snprintf(digits.data(), digits.size(), text.empty() ? "%x" : "%08x", bits);
    text += (text.empty() ? "" : ",") + std::string(digits.data());
  }
  return text;
}

std::string milliseconds(Nanos ns) {
  return std::to_string(ns / 1'000'000) + "ms";
}

} // namespace

std::string Engine::describe(const Task& task) {
  return std::string(task.comm.data()) + "[" + std::to_string(task.sim.pid) + "]";
}

std::string Engine::dsq_name(std::uint64_t id) {
  if (id == kDsqGlobal) {
    return "the global DSQ";
  }
  if ((id & kDsqLocalOn) == kDsqLocalOn) {
    return "the local DSQ of CPU " + std::to_string(id & 0xFFFFFFFFU);
  }
  return "DSQ " + std::to_string(id);
}

// scx_error(): the first one counts; the policy is dropped when the current event is done.
void Engine::fail_policy(std::int64_t kind, std::string message, std::string help, TaskId about) {
  if (failed_) {
    return;
  }
  failed_ = true;
  exit_ = {};
  exit_.kind = kind;
  exit_.message = std::move(message);
  exit_.help = std::move(help);
  if (about != kNoTask) {
    const Task& task = tasks_[about];
    exit_.comm = task.comm.data();
    exit_.pid = task.sim.pid;
    exit_.runnable_since = task.state == TaskState::kRunnable ? task.runnable_at : -1;
  }
}

void Engine::end_policy(std::int64_t kind, std::string message) {
  fail_policy(kind, std::move(message));
  finish_call();
}

void Engine::print(std::string_view line) noexcept {
  if (log_.size() == kLogLines) {
    log_.pop_front();
  }
  std::string& text = log_.emplace_back(milliseconds(now_) + " ");
  text += line.substr(0, kLogLineBytes);
  for (char& c : text) {
    c = c == '\n' ? ' ' : c;
  }
}

std::string Engine::joined_log() const {
  std::string text;
  for (const std::string& line : log_) {
    text += (text.empty() ? "" : "\n") + line;
  }
  return text;
}

// scx_dump_task(): of a task that waits, or runs (`marker` '*').
void Engine::dump_task(std::string& text, const Task& task, char marker) const {
  const bool queued = task.holder == Holder::kDsq;
  const std::uint64_t dsq = queued ? dsqs_[task.dsq].id : 0;
  const bool local = queued && task.dsq < cpus();
  const Nanos waited = marker == '*' ? 0 : (now_ - task.runnable_at) / 1'000'000;
  text += std::string(" ") + marker + "R " + describe(task) + (waited == 0 ? " +" : " -") +
          std::to_string(waited) + "ms\n";
  text += std::string("      dsq_flags=") + (queued && task.in_vtime_order ? "0x1" : "0x0") + "\n";
  text += "      dsq_id=" + (queued ? hex(local ? kDsqLocal : dsq) : std::string("(n/a)")) + "\n";
  text += "      dsq_vtime=" + std::to_string(task.sim.dsq_vtime) +
          " slice=" + std::to_string(task.sim.slice_ns) +
          " weight=" + std::to_string(task.sim.weight) + "\n";
  text += "      cpus=" + mask_text(task.allowed, cpus()) + " no_mig=0\n";
}

// scx_dump_state(): CPUs that do not idle, each with the task that runs there and those that wait.
std::string Engine::dump() const {
  std::string text = "CPU states\n----------\n";
  std::uint32_t told = 0;
  std::uint32_t untold = 0;
  for (CpuId id = 0; id < cpus(); ++id) {
    const Cpu& cpu = cpus_[id];
    const bool runs = cpu.curr != kNoTask;
    std::vector<TaskId> waiting;
    for (TaskId task = 0; task < tasks_.size(); ++task) {
      if (tasks_[task].state == TaskState::kRunnable &&
          tasks_[task].sim.cpu == static_cast<std::int32_t>(id)) {
        waiting.push_back(task);
      }
    }
    if (!runs && waiting.empty()) {
      continue;
    }
    std::ranges::stable_sort(waiting, {}, [&](TaskId task) { return tasks_[task].runnable_at; });
    text += "\nCPU " + std::to_string(id) + ": nr_run=" + std::to_string(waiting.size() + runs) +
            " flags=0x0\n";
    text += "          curr=" +
            (runs ? describe(tasks_[cpu.curr]) : "swapper/" + std::to_string(id) + "[0]") +
            " class=" + (runs ? "ext" : "idle") + "_sched_class\n";
    if (runs) {
      dump_task(text, tasks_[cpu.curr], '*');
    }
    for (const TaskId task : waiting) {
      if (++told > kDumpedTasks) {
        ++untold;
      } else {
        dump_task(text, tasks_[task], ' ');
      }
    }
  }
  if (untold > 0) {
    text += "\nand " + std::to_string(untold) + " more tasks wait\n";
  }
  return text;
}

} // namespace schedrig::mock
