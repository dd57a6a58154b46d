// SPDX-License-Identifier: MIT
// Copies of the mock machine: saving one, and starting from it.
#include <string>
#include <utility>

#include "plugins/mock/backend/machine.hpp"

namespace schedrig::mock {

MachineFields machine_fields(const MachineSpec& spec) {
  const KernelOptions kernel = kernel_options(spec.params);
  std::string node_memory;
  for (const NodeSpec& node : spec.topology.nodes) {
    node_memory += (node_memory.empty() ? "" : " ") + std::to_string(node.memory_bytes);
  }
  std::string distances;
  for (const std::uint32_t distance : spec.topology.distances) {
    distances += (distances.empty() ? "" : " ") + std::to_string(distance);
  }
  return {{"simulation", "mock " SCHEDRIG_VERSION},
          {"topology", to_string(spec.topology)},
          {"node_memory", node_memory},
          {"distances", distances},
          {"memory_bytes", std::to_string(spec.memory_bytes)},
          {"kernel", std::to_string(kernel.paging_levels) + " levels of page tables, " +
                         (kernel.kaslr ? "moved" : "not moved")}};
}

Status MockMachine::save(std::unique_ptr<MachineState>* out) const {
  if (Status status = check_state("save"); !status.ok()) {
    return status;
  }
  if (policy_ != nullptr) {
    const std::string& id = attached_.id.empty() ? default_.id : attached_.id;
    return Status::make(StatusCode::kUnsupported,
                        "save: scheduler '" + id +
                            "' is attached, and what its policy knows cannot be copied",
                        "save the machine before it gets a scheduler");
  }
  std::vector<bool> groups_used;
  groups_used.reserve(groups_.size());
  for (const Group& group : groups_) {
    groups_used.push_back(group.used);
  }
  *out = std::make_unique<MachineState>(MachineState{.fields = fields_,
                                                     .seed = seed_,
                                                     .engine = engine_.state(),
                                                     .workers = workers_,
                                                     .payloads = payloads_.tasks(),
                                                     .processes = processes_,
                                                     .cgroups = cgroups_.state(),
                                                     .irqs = proc_files_.irqs(),
                                                     .sched_ext = sched_ext_,
                                                     .kernel = kernel_.state(),
                                                     .task_pids = task_pids_,
                                                     .groups_used = std::move(groups_used)});
  return {};
}

// With the seed of the machine that was saved, everything goes on as it does there; another one
// makes other choices from here on.
void MockMachine::restore(const MachineState& from, std::uint64_t seed) {
  engine_.restore(from.engine);
  workers_ = from.workers;
  payloads_.restore(from.payloads);
  processes_ = from.processes;
  cgroups_.restore(from.cgroups);
  proc_files_.irqs() = from.irqs;
  sched_ext_ = from.sched_ext;
  kernel_.restore(from.kernel);
  watch_.clear();
  stop_watch_.clear();
  ring_.reset();
  task_pids_ = from.task_pids;
  groups_.clear();
  for (const bool used : from.groups_used) {
    Group& group = groups_.emplace_back();
    group.used = group.orphaned = used; // the workers still go by the number
  }
  orphan_all();
  seed_ = seed;
  if (seed != from.seed) {
    engine_.reseed(seed);
    workers_.reseed(seed);
  }
  booted_at_ = engine_.now();
  clock_ = 0;
}

// Nobody here has started these processes: PID 1 reaps those that are dead, and the others in time.
void MockMachine::orphan_all() {
  std::vector<TaskId> dead;
  for (const auto& [pid, each] : processes_.all()) {
    if (each.task == kNoTask || each.parent != 1) {
      continue;
    }
    processes_.find(pid)->orphan = true;
    if (each.zombie) {
      dead.push_back(each.task);
    }
  }
  for (const TaskId task : dead) {
    payloads_.tasks().remove(task);
    reap(task);
  }
}

Status MockMachine::reset(std::uint64_t seed) {
  if (origin_ == nullptr) {
    return Status::make(StatusCode::kInvalidArgument,
                        "reset: the machine was not made from a template");
  }
  if (state_ != State::kDown) {
    detach_all(); // a policy hears of its end
  }
  ejected_because_.clear();
  faults_ = faults_at_boot_;
  restore(*origin_, seed);
  state_ = State::kCreated;
  interrupted_ = false; // of the life that is over
  event_pending_ = false;
  awaited_ended_ = false;
  rearm_wake();
  return {};
}

} // namespace schedrig::mock
