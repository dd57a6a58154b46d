// SPDX-License-Identifier: MIT
#include <array>

#include <schedrig/ops.hpp>

namespace schedrig {
namespace {

constexpr std::string_view kFiles = "schedrig.files/1";
constexpr std::string_view kFilesTasks = "schedrig.files/1 schedrig.tasks/1";
constexpr std::string_view kAffinity = "schedrig.affinity/1";
constexpr std::string_view kPayloads = "schedrig.files/1 schedrig.payloads/1";
constexpr std::string_view kHotMemory = "schedrig.memory/1 schedrig.kernel/1";
constexpr std::string_view kColdMemory = "schedrig.memory/1 schedrig.freeze/1 schedrig.kernel/1";
constexpr std::string_view kWatch = "schedrig.memory/1 schedrig.kernel/1 schedrig.watch/1";
constexpr std::string_view kBpfMaps = "schedrig.bpfmaps/1";
constexpr std::string_view kVcpuControl = "schedrig.vcpu_control/1";
constexpr std::string_view kSchedulers = "schedrig.schedulers/1";

constexpr std::array<OpInfo, std::variant_size_v<OpBody>> kOps = {{
    {"add_cgroup", "make an empty cgroup under the run's managed parent", kFiles, true},
    {"add_cgroup_def", "make a whole cgroup definition mid-step", kFilesTasks, true},
    {"remove_cgroup", "stop its workers and payloads, thaw it, remove it", kFilesTasks, true},
    {"set_cpuset", "apply a resolved cpuset spec", kFiles, true},
    {"clear_cpuset", "back to all CPUs", kFiles, true},
    {"swap_cpusets", "exchange the cpusets of two cgroups", kFiles, true},
    {"stop_cgroup", "stop all its workers and payloads; the cgroup stays", kFilesTasks, true},
    {"move_all_tasks", "move every task to another cgroup", kFiles, true},
    {"freeze_cgroup", "freeze a cgroup and wait until it is", kFiles, true},
    {"unfreeze_cgroup", "thaw a cgroup", kFiles, true},
    {"capture_cgroup_procs", "read a cgroup's processes into the results", kFiles, true},
    {"spawn", "fork workers, in place or into a cgroup", kFilesTasks, true},
    {"set_affinity", "re-pin the workers of a cgroup", kAffinity, true},
    {"run_payload", "start a declared program in the background", kPayloads, true},
    {"wait_payload", "wait for a payload's exit and evaluate its checks", kPayloads, true},
    {"kill_payload", "kill a payload's process group", kPayloads, true},
    {"capture_snapshot", "host-side diagnostic snapshot under a name", kColdMemory, true},
    {"watch_snapshot", "snapshot whenever the guest writes a symbol", kWatch, true},
    {"read_kernel_hot", "read kernel memory while the machine runs", kHotMemory, true},
    {"read_kernel_cold", "read kernel memory with all vCPUs parked", kColdMemory, true},
    {"write_kernel_hot", "write kernel memory while the machine runs", kHotMemory, true},
    {"write_kernel_cold", "write kernel memory with all vCPUs parked", kColdMemory, true},
    {"pin_bpf_map", "keep a BPF map alive until the run ends", kBpfMaps, true},
    {"attach_scheduler", "start a scheduler and wait until it is attached", kSchedulers, true},
    {"detach_scheduler", "disable the running scheduler", kSchedulers, true},
    {"restart_scheduler", "kill and respawn the attached scheduler", kSchedulers, true},
    {"replace_scheduler", "detach and attach, the gap measured", kSchedulers, true},
    {"steer_irq", "set the CPU that serves an interrupt", kFiles, true},
    {"sched_command", "a scheduling command on a vCPU or machine", kVcpuControl, true},
    {"raise_event", "make an event pending for a vCPU", kVcpuControl, true},
}};

} // namespace

std::span<const OpInfo> op_infos() noexcept {
  return kOps;
}

} // namespace schedrig
