// SPDX-License-Identifier: MIT
// How a policy fails and what its exit tells: message, task, log and a dump of the machine's
// scheduling state (scx_vexit() and scx_dump_state() of kernel/sched/ext.c, Linux 6.18).
#include "plugins/mock/sim/engine.hpp"

namespace schedrig::mock {
namespace {

// A dump is for reading: beyond this many tasks it says how many more there are.
constexpr std::uint32_t kDumpedTasks = 32;
// As much of its log as a reader of a report wants; the kernel's trace buffer is another matter.
constexpr std::size_t kLogLines = 20;
constexpr std::size_t kLogLineBytes = 200;

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

void Engine::dump_waiting(std::string& text) const {
  std::uint32_t waiting = 0;
  for (TaskId id = 0; id < tasks_.size(); ++id) {
    const Task& task = tasks_[id];
    if (task.state != TaskState::kRunnable || ++waiting > kDumpedTasks) {
      continue;
    }
    text += describe(task) + " waits for " + milliseconds(now_ - task.runnable_at) + " in " +
            (task.holder == Holder::kDsq ? dsq_name(dsqs_[task.dsq].id) : "no DSQ") +
            ", last on CPU " + std::to_string(task.sim.cpu) + "\n";
  }
  if (waiting > kDumpedTasks) {
    text += "and " + std::to_string(waiting - kDumpedTasks) + " more tasks wait\n";
  }
}

std::string Engine::dump() const {
  std::string text;
  std::uint32_t idle = 0;
  for (CpuId id = 0; id < cpus(); ++id) {
    const Cpu& cpu = cpus_[id];
    if (cpu.curr == kNoTask && dsqs_[id].nr == 0) {
      ++idle;
      continue;
    }
    text += "CPU " + std::to_string(id) + " runs " +
            (cpu.curr == kNoTask ? "nothing" : describe(tasks_[cpu.curr])) + ", " +
            std::to_string(dsqs_[id].nr) + " in its local DSQ\n";
  }
  text += std::to_string(idle) + " CPUs are idle\n";
  dump_waiting(text);
  return text;
}

} // namespace schedrig::mock
