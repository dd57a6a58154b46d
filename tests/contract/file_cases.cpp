// SPDX-License-Identifier: MIT
#include "tests/contract/file_cases.hpp"

#include <cerrno>

namespace schedrig::contract {
namespace {

FileStep read(std::string path) {
  return {FileOpKind::kRead, std::move(path)};
}
FileStep write(std::string path, std::string data) {
  return {FileOpKind::kWrite, std::move(path), std::move(data)};
}
FileStep mkdir(std::string path) {
  return {FileOpKind::kMkdir, std::move(path)};
}
FileStep rmdir(std::string path) {
  return {FileOpKind::kRmdir, std::move(path)};
}
FileStep list(std::string path) {
  return {FileOpKind::kList, std::move(path)};
}

std::vector<FileCase> directory_cases() {
  return {
      {.name = "mkdir of what exists", .step = mkdir("{}"), .os_errno = EEXIST},
      {.name = "mkdir without the parent", .step = mkdir("{}/no/a"), .os_errno = ENOENT},
      {.name = "mkdir below a file", .step = mkdir("{}/cgroup.procs/a"), .os_errno = ENOTDIR},
      {.name = "mkdir with a newline", .step = mkdir("{}/a\nb"), .os_errno = EINVAL},
      {.name = "rmdir of what does not exist", .step = rmdir("{}/a"), .os_errno = ENOENT},
      {.name = "rmdir of a file", .step = rmdir("{}/cgroup.procs"), .os_errno = ENOTDIR},
      {.name = "rmdir with a child",
       .before = {mkdir("{}/a")},
       .step = rmdir("{}"),
       .os_errno = EBUSY},
      {.name = "rmdir with a process", .step = rmdir("{}"), .os_errno = EBUSY, .has_worker = true},
      {.name = "rmdir of an empty child", .before = {mkdir("{}/a")}, .step = rmdir("{}/a")},
      {.name = "list of what does not exist", .step = list("{}/a"), .os_errno = ENOENT},
      {.name = "list of a file", .step = list("{}/cgroup.procs"), .os_errno = ENOTDIR},
      {.name = "read of what does not exist", .step = read("{}/nothing"), .os_errno = ENOENT},
      {.name = "read of a directory", .step = read("{}"), .os_errno = EISDIR},
      {.name = "write to a directory", .step = write("{}", "1"), .os_errno = EISDIR},
      {.name = "write to what does not exist",
       .step = write("{}/nothing", "1"),
       .os_errno = ENOENT},
      {.name = "a file below a file", .step = read("{}/cgroup.procs/a"), .os_errno = ENOTDIR},
  };
}

std::vector<FileCase> core_cases() {
  return {
      {.name = "procs of an empty cgroup", .step = read("{}/cgroup.procs"), .reads = ""},
      {.name = "procs of a cgroup with a worker",
       .step = read("{}/cgroup.procs"),
       .reads = "{pid}\n",
       .has_worker = true},
      {.name = "threads of a cgroup with a worker",
       .step = read("{}/cgroup.threads"),
       .reads = "{pid}\n",
       .has_worker = true},
      {.name = "procs: no number", .step = write("{}/cgroup.procs", "abc"), .os_errno = EINVAL},
      {.name = "procs: negative", .step = write("{}/cgroup.procs", "-1"), .os_errno = EINVAL},
      {.name = "procs: no such process",
       .step = write("{}/cgroup.procs", "999999"),
       .os_errno = ESRCH},
      {.name = "procs: a number and more",
       .step = write("{}/cgroup.procs", "1 2"),
       .os_errno = EINVAL},
      {.name = "procs: a kernel thread", .step = write("{}/cgroup.procs", "2"), .os_errno = EINVAL},
      {.name = "type", .step = read("{}/cgroup.type"), .reads = "domain\n"},
      {.name = "events of an empty cgroup",
       .step = read("{}/cgroup.events"),
       .reads = "populated 0\nfrozen 0\n"},
      {.name = "events of a cgroup with a worker",
       .step = read("{}/cgroup.events"),
       .reads = "populated 1\nfrozen 0\n",
       .has_worker = true},
      {.name = "events cannot be written",
       .step = write("{}/cgroup.events", "1"),
       .os_errno = EINVAL},
      {.name = "controllers",
       .step = read("{}/cgroup.controllers"),
       .reads = "cpuset cpu io memory pids\n"},
      {.name = "controllers cannot be written",
       .step = write("{}/cgroup.controllers", "cpu"),
       .os_errno = EINVAL},
      {.name = "subtree_control at first", .step = read("{}/cgroup.subtree_control"), .reads = ""},
      {.name = "subtree_control: enable", .step = write("{}/cgroup.subtree_control", "+cpu +pids")},
      {.name = "subtree_control: after enabling",
       .before = {write("{}/cgroup.subtree_control", "+pids +cpu")},
       .step = read("{}/cgroup.subtree_control"),
       .reads = "cpu pids\n"},
      {.name = "subtree_control: unknown controller",
       .step = write("{}/cgroup.subtree_control", "+nothing"),
       .os_errno = EINVAL},
      {.name = "subtree_control: no sign",
       .step = write("{}/cgroup.subtree_control", "cpu"),
       .os_errno = EINVAL},
      {.name = "subtree_control: with a process in the cgroup",
       .step = write("{}/cgroup.subtree_control", "+memory"),
       .os_errno = EBUSY,
       .has_worker = true},
      {.name = "subtree_control: not enabled in the parent",
       .before = {mkdir("{}/a")},
       .step = write("{}/a/cgroup.subtree_control", "+pids"),
       .os_errno = ENOENT},
      {.name = "subtree_control: disable what a child has enabled",
       .before = {write("{}/cgroup.subtree_control", "+pids"), mkdir("{}/a"),
                  write("{}/a/cgroup.subtree_control", "+pids")},
       .step = write("{}/cgroup.subtree_control", "-pids"),
       .os_errno = EBUSY},
      {.name = "a process into a cgroup with controllers for children",
       .before = {write("{}/cgroup.subtree_control", "+memory"), mkdir("{}/a")},
       .step = write("{}/cgroup.procs", "{pid}"),
       .os_errno = EBUSY,
       .has_worker = false},
      {.name = "controller files are absent where the parent does not enable them",
       .before = {mkdir("{}/a")},
       .step = read("{}/a/cpu.weight"),
       .os_errno = ENOENT},
      {.name = "freeze at first", .step = read("{}/cgroup.freeze"), .reads = "0\n"},
      {.name = "freeze: 1", .step = write("{}/cgroup.freeze", "1")},
      {.name = "freeze: reads back",
       .before = {write("{}/cgroup.freeze", "1")},
       .step = read("{}/cgroup.freeze"),
       .reads = "1\n"},
      {.name = "freeze: an empty cgroup is frozen at once",
       .before = {write("{}/cgroup.freeze", "1")},
       .step = read("{}/cgroup.events"),
       .reads = "populated 0\nfrozen 1\n"},
      {.name = "freeze: with a newline", .step = write("{}/cgroup.freeze", "1\n")},
      {.name = "freeze: 2", .step = write("{}/cgroup.freeze", "2"), .os_errno = ERANGE},
      {.name = "freeze: negative", .step = write("{}/cgroup.freeze", "-1"), .os_errno = ERANGE},
      {.name = "freeze: no number", .step = write("{}/cgroup.freeze", "x"), .os_errno = EINVAL},
      {.name = "freeze: the root has none",
       .step = read("/sys/fs/cgroup/cgroup.freeze"),
       .os_errno = ENOENT},
      {.name = "events: the root has none",
       .step = read("/sys/fs/cgroup/cgroup.events"),
       .os_errno = ENOENT},
  };
}

std::vector<FileCase> controller_cases() {
  return {
      {.name = "cpu.weight at first", .step = read("{}/cpu.weight"), .reads = "100\n"},
      {.name = "cpu.weight: set",
       .before = {write("{}/cpu.weight", "250")},
       .step = read("{}/cpu.weight"),
       .reads = "250\n"},
      {.name = "cpu.weight: 0", .step = write("{}/cpu.weight", "0"), .os_errno = ERANGE},
      {.name = "cpu.weight: 10001", .step = write("{}/cpu.weight", "10001"), .os_errno = ERANGE},
      {.name = "cpu.weight: no number", .step = write("{}/cpu.weight", "abc"), .os_errno = EINVAL},
      {.name = "cpu.weight: the root has none",
       .step = read("/sys/fs/cgroup/cpu.weight"),
       .os_errno = ENOENT},
      {.name = "cpu.max at first", .step = read("{}/cpu.max"), .reads = "max 100000\n"},
      {.name = "cpu.max: quota and period",
       .before = {write("{}/cpu.max", "5000 50000")},
       .step = read("{}/cpu.max"),
       .reads = "5000 50000\n"},
      {.name = "cpu.max: quota alone",
       .before = {write("{}/cpu.max", "20000")},
       .step = read("{}/cpu.max"),
       .reads = "20000 100000\n"},
      {.name = "cpu.max: max",
       .before = {write("{}/cpu.max", "5000"), write("{}/cpu.max", "max")},
       .step = read("{}/cpu.max"),
       .reads = "max 100000\n"},
      {.name = "cpu.max: quota below 1 ms",
       .step = write("{}/cpu.max", "999 100000"),
       .os_errno = EINVAL},
      {.name = "cpu.max: period below 1 ms",
       .step = write("{}/cpu.max", "5000 999"),
       .os_errno = EINVAL},
      {.name = "cpu.max: period above 1 s",
       .step = write("{}/cpu.max", "5000 1000001"),
       .os_errno = EINVAL},
      {.name = "cpu.max: no number", .step = write("{}/cpu.max", "abc"), .os_errno = EINVAL},
      {.name = "cpuset.cpus at first", .step = read("{}/cpuset.cpus"), .reads = "\n"},
      {.name = "cpuset.cpus.effective at first",
       .step = read("{}/cpuset.cpus.effective"),
       .reads = "0-3\n"},
      {.name = "cpuset.cpus: set",
       .before = {write("{}/cpuset.cpus", "1,3")},
       .step = read("{}/cpuset.cpus"),
       .reads = "1,3\n"},
      {.name = "cpuset.cpus.effective: follows",
       .before = {write("{}/cpuset.cpus", "1-2")},
       .step = read("{}/cpuset.cpus.effective"),
       .reads = "1-2\n"},
      {.name = "cpuset.cpus: normalised",
       .before = {write("{}/cpuset.cpus", "3,0,1,2\n")},
       .step = read("{}/cpuset.cpus"),
       .reads = "0-3\n"},
      {.name = "cpuset.cpus: cleared",
       .before = {write("{}/cpuset.cpus", "1"), write("{}/cpuset.cpus", "\n")},
       .step = read("{}/cpuset.cpus"),
       .reads = "\n"},
      {.name = "cpuset.cpus: no list", .step = write("{}/cpuset.cpus", "abc"), .os_errno = EINVAL},
      {.name = "cpuset.cpus: backwards",
       .step = write("{}/cpuset.cpus", "3-1"),
       .os_errno = EINVAL},
      {.name = "cpuset.cpus: beyond the kernel's CPUs",
       .step = write("{}/cpuset.cpus", "9000"),
       .os_errno = ERANGE},
      {.name = "cpuset.cpus.effective cannot be written",
       .step = write("{}/cpuset.cpus.effective", "0"),
       .os_errno = EINVAL},
      {.name = "cpuset.mems.effective", .step = read("{}/cpuset.mems.effective"), .reads = "0\n"},
      {.name = "memory.max at first", .step = read("{}/memory.max"), .reads = "max\n"},
      {.name = "memory.max: set",
       .before = {write("{}/memory.max", "64M")},
       .step = read("{}/memory.max"),
       .reads = "67108864\n"},
      {.name = "memory.max: no number", .step = write("{}/memory.max", "abc"), .os_errno = EINVAL},
      {.name = "memory.high: set",
       .before = {write("{}/memory.high", "1048576")},
       .step = read("{}/memory.high"),
       .reads = "1048576\n"},
      {.name = "io.weight at first", .step = read("{}/io.weight"), .reads = "default 100\n"},
      {.name = "pids.max at first", .step = read("{}/pids.max"), .reads = "max\n"},
      {.name = "pids.max: set",
       .before = {write("{}/pids.max", "12")},
       .step = read("{}/pids.max"),
       .reads = "12\n"},
      {.name = "pids.max: negative", .step = write("{}/pids.max", "-1"), .os_errno = EINVAL},
      {.name = "pids.current of a cgroup with a worker",
       .step = read("{}/pids.current"),
       .reads = "1\n",
       .has_worker = true},
      {.name = "cgroup of a worker",
       .step = read("/proc/{pid}/cgroup"),
       .reads = "0::/contract\n",
       .has_worker = true},
      {.name = "a process that does not exist",
       .step = read("/proc/999999/stat"),
       .os_errno = ENOENT},
      {.name = "online CPUs", .step = read("/sys/devices/system/cpu/online"), .reads = "0-3\n"},
      {.name = "present CPUs", .step = read("/sys/devices/system/cpu/present"), .reads = "0-3\n"},
      {.name = "package siblings of CPU 1",
       .step = read("/sys/devices/system/cpu/cpu1/topology/thread_siblings_list"),
       .reads = "1\n"},
      {.name = "thread siblings of CPU 1 as a mask",
       .step = read("/sys/devices/system/cpu/cpu1/topology/thread_siblings"),
       .reads = "2\n"},
      {.name = "last-level cache of CPU 3",
       .step = read("/sys/devices/system/cpu/cpu3/cache/index3/shared_cpu_list"),
       .reads = "2-3\n"},
  };
}

// 24 is the console's first interrupt on every backend.
std::vector<FileCase> interrupt_cases() {
  const std::string irq = "/proc/irq/24/";
  return {
      {.name = "an interrupt's affinity as a list",
       .before = {write(irq + "smp_affinity_list", "1-2\n")},
       .step = read(irq + "smp_affinity_list"),
       .reads = "1-2\n"},
      {.name = "an interrupt's affinity as a mask",
       .before = {write(irq + "smp_affinity_list", "0,3")},
       .step = read(irq + "smp_affinity"),
       .reads = "9\n"},
      {.name = "an interrupt's affinity: empty",
       .step = write(irq + "smp_affinity_list", "\n"),
       .os_errno = EINVAL},
      {.name = "an interrupt's affinity: garbage",
       .step = write(irq + "smp_affinity_list", "x"),
       .os_errno = EINVAL},
      {.name = "an interrupt's affinity: no such CPU",
       .step = write(irq + "smp_affinity_list", "4"),
       .os_errno = ERANGE},
      {.name = "an interrupt's affinity: a mask beyond the CPUs",
       .step = write(irq + "smp_affinity", "10"),
       .os_errno = EOVERFLOW},
      {.name = "an interrupt's effective affinity is not written",
       .step = write(irq + "effective_affinity_list", "1"),
       .os_errno = EIO},
      {.name = "an interrupt that does not exist",
       .step = write("/proc/irq/4000/smp_affinity_list", "1"),
       .os_errno = ENOENT},
  };
}

} // namespace

const std::vector<FileCase>& file_cases() {
  static const std::vector<FileCase> kCases = [] {
    std::vector<FileCase> cases;
    for (auto part : {directory_cases(), core_cases(), controller_cases(), interrupt_cases()}) {
      cases.insert(cases.end(), part.begin(), part.end());
    }
    return cases;
  }();
  return kCases;
}

} // namespace schedrig::contract
