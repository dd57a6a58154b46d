// SPDX-License-Identifier: MIT
#include "host/kernel_view/dsq_walk.hpp"

#include <array>
#include <utility>

#include "host/kernel_view/list_walk.hpp"
#include "host/kernel_view/rhashtable_walk.hpp"
#include "host/kernel_view/struct_reader.hpp"

namespace schedrig::kernel_view {
namespace {

// CONFIG_NODES_SHIFT is at most 10.
constexpr std::uint64_t kMaxNodes = 1'024;
// enum scx_dsq_lnode_flags: the place of an iterator, not a task.
constexpr std::uint64_t kIsCursor = 1;

struct CpuQueue {
  DsqKind kind;
  std::string_view field;
};
constexpr std::array kQueuesOfRq = {CpuQueue{DsqKind::kLocal, "scx.local_dsq"},
                                    CpuQueue{DsqKind::kReject, "scx.reject_dsq"},
                                    CpuQueue{DsqKind::kBypass, "scx.bypass_dsq"}};

class DsqWalk {
 public:
  static Result<DsqWalk> of(const KernelView& view) {
    const kernel::BtfTypes& types = view.facts().types;
    const KernelMemory memory = view.memory();
    auto queue = TRY(StructReader::of(types, memory, "scx_dispatch_q"));
    auto node = TRY(StructReader::of(types, memory, "scx_dsq_list_node"));
    auto task = TRY(StructReader::of(types, memory, "task_struct"));
    auto rq = TRY(StructReader::of(types, memory, "rq"));
    return DsqWalk(view, std::move(queue), std::move(node), std::move(task), std::move(rq));
  }

  Result<std::vector<DsqFacts>> all() {
    cpus_ = TRY(view_->cpus());
    TRY(add_of_cpus());
    if (view_->facts().symbols.address_of("scx_root")) {
      TRY(add_of_schedulers());
    } else if (view_->facts().symbols.address_of("dsq_hash")) {
      const std::uint64_t queues = TRY(pointer_at("global_dsqs"));
      TRY(add_of_nodes(queues, 0, ""));
      const std::uint64_t hash = TRY(view_->address_of("dsq_hash"));
      TRY(add_of_user(hash, ""));
    } else {
      return fail(StatusCode::kNotFound,
                  "the kernel has neither scx_root nor dsq_hash, where its dispatch queues begin",
                  "this release does not know this kernel's names for them");
    }
    return std::move(queues_);
  }

 private:
  DsqWalk(const KernelView& view, StructReader queue, StructReader node, StructReader task,
          StructReader rq)
      : view_(&view), memory_(view.memory()), queue_(std::move(queue)), node_(std::move(node)),
        task_(std::move(task)), rq_(std::move(rq)) {}

  Result<std::uint64_t> pointer_at(std::string_view symbol) {
    const std::uint64_t at = TRY(view_->address_of(symbol));
    return memory_.read_object<std::uint64_t>(at);
  }

  Result<> add_of_cpus() {
    (void)TRY(rq_.place("scx.local_dsq"));
    for (std::uint32_t cpu = 0; cpu < cpus_; ++cpu) {
      const std::uint64_t rq = TRY(view_->per_cpu_address("runqueues", cpu));
      for (const CpuQueue& each : kQueuesOfRq) {
        if (rq_.has(each.field)) {
          const std::uint64_t at = TRY(rq_.address(rq, each.field));
          TRY(add(at, each.kind, cpu, ""));
        }
      }
    }
    return {};
  }

  // Of the root and, where kernels have them, of those below it.
  Result<> add_of_schedulers() {
    auto sched = TRY(StructReader::of(view_->facts().types, memory_, "scx_sched"));
    const std::uint64_t root = TRY(pointer_at("scx_root"));
    if (root == 0) {
      return {};
    }
    if (!sched.has("all") || !view_->facts().symbols.address_of("scx_sched_all")) {
      return add_of_scheduler(sched, root);
    }
    const std::uint64_t list = TRY(view_->address_of("scx_sched_all"));
    return walk_list(memory_, list, "scx_sched_all", budget_,
                     [&](std::uint64_t node) -> Result<bool> {
                       const std::uint64_t at = TRY(sched.container(node, "all"));
                       TRY(add_of_scheduler(sched, at));
                       return false;
                     });
  }

  Result<> add_of_scheduler(StructReader& sched, std::uint64_t at) {
    const std::string name = TRY(sched.text(at, "ops.name"));
    const std::string_view nodes = TRY(sched.first_of({"pnode", "global_dsqs"}));
    std::uint64_t in_node = 0;
    if (nodes == "pnode") {
      auto node = TRY(StructReader::of(view_->facts().types, memory_, "scx_sched_pnode"));
      in_node = TRY(node.place("global_dsq")).offset;
    }
    const std::uint64_t pointers = TRY(sched.number(at, nodes));
    const std::uint64_t hash = TRY(sched.address(at, "dsq_hash"));
    TRY(add_of_nodes(pointers, in_node, name));
    TRY(add_bypass(sched, at, name));
    return add_of_user(hash, name);
  }

  // `pointers`: of each NUMA node one to its queue, or to what has the queue at an offset.
  Result<> add_of_nodes(std::uint64_t pointers, std::uint64_t offset, const std::string& name) {
    std::uint64_t nodes = 1;
    if (view_->facts().symbols.address_of("nr_node_ids")) {
      const std::uint64_t count = TRY(view_->address_of("nr_node_ids"));
      nodes = TRY(memory_.read_object<std::uint32_t>(count));
    }
    if (nodes > kMaxNodes) {
      return fail(StatusCode::kBadData, "the kernel has " + std::to_string(nodes) +
                                            " NUMA nodes; at most " + std::to_string(kMaxNodes) +
                                            " can be");
    }
    for (std::uint32_t node = 0; node < nodes; ++node) {
      const auto at = TRY(memory_.read_object<std::uint64_t>(pointers + node * sizeof pointers));
      if (at != 0) {
        TRY(add(at + offset, DsqKind::kGlobal, node, name));
      }
    }
    return {};
  }

  // Of kernels that have them in the scheduler's part of each CPU.
  Result<> add_bypass(StructReader& sched, std::uint64_t at, const std::string& name) {
    auto part = StructReader::of(view_->facts().types, memory_, "scx_sched_pcpu");
    if (!part || !part->has("bypass_dsq")) {
      return {};
    }
    const std::uint64_t parts = TRY(sched.number(at, "pcpu"));
    for (std::uint32_t cpu = 0; cpu < cpus_; ++cpu) {
      const std::uint64_t own = parts + TRY(view_->per_cpu_offset(cpu));
      const std::uint64_t queue = TRY(part->address(own, "bypass_dsq"));
      TRY(add(queue, DsqKind::kBypass, cpu, name));
    }
    return {};
  }

  Result<> add_of_user(std::uint64_t hash, const std::string& name) {
    const auto nodes = TRY(nodes_of_rhashtable(*view_, hash, "dsq_hash"));
    for (const std::uint64_t node : nodes) {
      const std::uint64_t queue = TRY(queue_.container(node, "hash_node"));
      TRY(add(queue, DsqKind::kUser, std::nullopt, name));
    }
    return {};
  }

  Result<> add(std::uint64_t at, DsqKind kind, std::optional<std::uint32_t> owner,
               const std::string& scheduler) {
    DsqFacts facts;
    facts.kind = kind;
    facts.address = at;
    facts.owner = owner;
    facts.scheduler = scheduler;
    facts.id = TRY(queue_.number(at, "id"));
    facts.nr = static_cast<std::uint32_t>(TRY(queue_.number(at, "nr")));
    facts.by_vtime = TRY(queue_.number(at, "priq.rb_node")) != 0;
    facts.tasks = TRY(tasks_of(at));
    queues_.push_back(std::move(facts));
    return {};
  }

  // Those of a queue by vtime are in this list, too, in the order of its tree (dispatch_enqueue()).
  Result<std::vector<QueuedTask>> tasks_of(std::uint64_t queue) {
    std::vector<QueuedTask> tasks;
    const std::uint64_t list = TRY(queue_.address(queue, "list"));
    const auto visit = [&](std::uint64_t node) -> Result<bool> {
      const std::uint64_t entry = TRY(node_.container(node, "node"));
      const std::uint64_t flags = TRY(node_.number(entry, "flags"));
      if ((flags & kIsCursor) == 0) {
        QueuedTask& task = tasks.emplace_back();
        task.address = TRY(task_.container(entry, "scx.dsq_list"));
        task.pid = static_cast<std::int32_t>(TRY(task_.number(task.address, "pid")));
        task.vtime = TRY(task_.number(task.address, "scx.dsq_vtime"));
      }
      return false;
    };
    TRY(walk_list(memory_, list, "scx_dispatch_q.list", budget_, visit));
    return tasks;
  }

  const KernelView* view_;
  KernelMemory memory_;
  StructReader queue_;
  StructReader node_;
  StructReader task_;
  StructReader rq_;
  WalkBudget budget_; // of tasks and schedulers
  std::uint32_t cpus_ = 0;
  std::vector<DsqFacts> queues_;
};

} // namespace

std::string_view to_string(DsqKind kind) noexcept {
  constexpr std::array<std::string_view, 5> kWords = {"local", "reject", "global", "bypass",
                                                      "user"};
  return kWords[static_cast<std::size_t>(kind)];
}

Result<std::vector<DsqFacts>> walk_dsqs(const KernelView& view) {
  auto walk = TRY(DsqWalk::of(view));
  return walk.all();
}

} // namespace schedrig::kernel_view
