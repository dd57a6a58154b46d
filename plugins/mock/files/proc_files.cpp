// SPDX-License-Identifier: MIT
#include "plugins/mock/files/proc_files.hpp"

#include <cerrno>
#include <charconv>

namespace schedrig::mock {
namespace {

constexpr std::string_view kAgentName = "schedrig-agent";
// USER_HZ 100: a clock tick of /proc is 10 ms.
constexpr Nanos kUserTickNs = 10'000'000;

char state_letter(const Process& process, const Task& task) {
  if (process.zombie) {
    return 'Z';
  }
  // A frozen task sleeps interruptibly (cgroup_freezer's do_freezer_trap).
  // A throttled one is runnable.
  const bool runs = task.state == TaskState::kRunning || task.state == TaskState::kRunnable ||
                    task.state == TaskState::kThrottled;
  return runs ? 'R' : 'S';
}

} // namespace

Process* ProcFiles::process(std::string_view name) {
  std::int32_t pid = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
  if (error != std::errc{} || end != name.data() + name.size() || name.front() == '0' ||
      name.front() == '-') {
    return nullptr;
  }
  return processes_.find(pid);
}

NodeKind ProcFiles::find(Components path) {
  if (path.empty()) {
    return NodeKind::kDirectory;
  }
  if (path[0] == "irq") {
    return irqs_.find(path.subspan(1));
  }
  if (path[0] == "version" || path[0] == "interrupts" || path[0] == "stat") {
    return path.size() == 1 ? NodeKind::kFile : NodeKind::kAbsent;
  }
  if (path[0] == "sys") {
    const bool right = (path.size() < 2 || path[1] == "kernel") &&
                       (path.size() < 3 || path[2] == "osrelease") && path.size() <= 3;
    if (!right) {
      return NodeKind::kAbsent;
    }
    return path.size() == 3 ? NodeKind::kFile : NodeKind::kDirectory;
  }
  const std::string_view name = path[0] == "self" ? "1" : path[0];
  if (process(name) == nullptr || path.size() > 2) {
    return NodeKind::kAbsent;
  }
  if (path.size() == 1) {
    return NodeKind::kDirectory;
  }
  return path[1] == "stat" || path[1] == "cgroup" ? NodeKind::kFile : NodeKind::kAbsent;
}

int ProcFiles::read(Components path, std::string& out) {
  if (path[0] == "irq") {
    return irqs_.read(path.subspan(1), out);
  }
  if (path[0] == "interrupts") {
    out += irqs_.interrupts();
    return 0;
  }
  if (path[0] == "version") {
    out += "Linux version " + release_ + " (schedrig simulated machine)\n";
    return 0;
  }
  if (path[0] == "stat") {
    out += stat();
    return 0;
  }
  if (path[0] == "sys") {
    out += release_ + "\n";
    return 0;
  }
  const Process* const found = process(path[0] == "self" ? "1" : path[0]);
  if (path[1] == "cgroup") {
    out += "0::" + cgroups_.path(found->cgroup) + "\n";
  } else {
    out += stat(*found);
  }
  return 0;
}

// fs/proc/stat.c, show_stat(): what each CPU did with its time, in clock ticks, and how often tasks
// were switched; what the simulation does not have is left out.
std::string ProcFiles::stat() const {
  struct Times {
    Nanos user = 0;
    Nanos idle = 0;
    Nanos steal = 0;
  };
  const auto line = [](const std::string& name, const Times& times) {
    const auto ticks = [](Nanos ns) { return " " + std::to_string(ns / kUserTickNs); };
    return name + ticks(times.user) + " 0 0" + ticks(times.idle) + " 0 0 0" + ticks(times.steal) +
           " 0 0\n";
  };
  Times all;
  std::string lines;
  for (CpuId cpu = 0; cpu < engine_.cpus(); ++cpu) {
    Times own{.idle = engine_.idle_ns(cpu), .steal = engine_.stolen_ns(cpu)};
    own.user = engine_.now() - own.idle - own.steal;
    all.user += own.user;
    all.idle += own.idle;
    all.steal += own.steal;
    lines += line("cpu" + std::to_string(cpu), own);
  }
  return line("cpu ", all) + lines + "ctxt " + std::to_string(engine_.stats().context_switches) +
         "\n";
}

// do_task_stat(): 52 fields; what the simulation does not have is 0, as for a process without it.
std::string ProcFiles::stat(const Process& process) {
  static const Task kAgent;
  const Task& task = process.task == kNoTask ? kAgent : engine_.task(process.task);
  const std::string comm = process.task == kNoTask ? std::string(kAgentName) : task.comm.data();
  std::string text = std::to_string(process.pid) + " (" + comm.substr(0, 15) + ") ";
  text += state_letter(process, task);
  const auto field = [&text](auto value) { text += " " + std::to_string(value); };
  const auto zeros = [&text](int n) {
    for (int i = 0; i < n; ++i) {
      text += " 0";
    }
  };
  field(process.pid == 1 ? 0 : process.parent); // 4 ppid
  field(process.pid);                           // 5 pgrp
  field(process.pid == 1 ? 1 : 0);              // 6 session
  zeros(1);                                     // 7 tty_nr
  field(-1);                                    // 8 tpgid
  zeros(5);                                     // 9 flags .. 13 cmajflt
  field(task.sim.sum_exec_ns / kUserTickNs);    // 14 utime
  zeros(3);                                     // 15 stime .. 17 cstime
  field(20 + task.sim.nice);                    // 18 priority
  field(task.sim.nice);                         // 19 nice
  field(1);                                     // 20 num_threads
  zeros(1);                                     // 21 itrealvalue
  field(task.created_at / kUserTickNs);         // 22 starttime
  zeros(15);                                    // 23 vsize .. 37 cnswap
  field(17);                                    // 38 exit_signal: SIGCHLD
  field(task.sim.cpu < 0 ? 0 : task.sim.cpu);   // 39 processor
  zeros(1);                                     // 40 rt_priority
  field(task.sim.policy);                       // 41 policy
  zeros(10);                                    // 42 delayacct_blkio_ticks .. 51 env_end
  field(process.zombie ? task.wait_status : 0); // 52 exit_code
  return text + "\n";
}

int ProcFiles::write(Components path, std::string_view data) {
  if (path[0] == "irq") {
    return irqs_.write(path.subspan(1), data);
  }
  if (path[0] == "sys") {
    return EACCES; // proc_sys_permission(): 0444, root included
  }
  // No write operation behind it: proc_reg_write() says EIO.
  return data.empty() ? 0 : EIO;
}

void ProcFiles::list(Components path, std::vector<std::string>& names) {
  if (path.empty()) {
    for (const auto& [pid, process] : processes_.all()) {
      names.push_back(std::to_string(pid) + "/");
    }
    names.insert(names.end(), {"interrupts", "irq/", "stat", "sys/", "version"});
  } else if (path[0] == "irq") {
    irqs_.list(path.subspan(1), names);
  } else if (path[0] == "sys") {
    names.emplace_back(path.size() == 1 ? "kernel/" : "osrelease");
  } else {
    names.insert(names.end(), {"cgroup", "stat"});
  }
}

int ProcFiles::mkdir(Components path) {
  // The look-up of an unknown name fails in procfs itself; only sysctl directories get further.
  return path[0] == "sys" ? EPERM : ENOENT;
}

} // namespace schedrig::mock
