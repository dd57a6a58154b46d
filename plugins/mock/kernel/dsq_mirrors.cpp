// SPDX-License-Identifier: MIT
#include "plugins/mock/kernel/dsq_mirrors.hpp"

#include <algorithm>
#include <cstddef>

namespace schedrig::mock {
namespace {

constexpr std::uint64_t kUserIds = 1ULL << 63U; // above: those of the kernel
constexpr std::uint64_t kChainEnds = 1;         // RHT_NULLS_MARKER: the bucket's address and this

std::vector<TaskId> tasks_of(const Engine& engine, const Dsq& dsq) {
  std::vector<TaskId> ids;
  for (TaskId id = dsq.head; id != kNoTask; id = engine.tasks()[id].next) {
    ids.push_back(id);
  }
  ids.insert(ids.end(), dsq.by_vtime.rbegin(), dsq.by_vtime.rend()); // one of both is empty
  return ids;
}

constexpr std::uint64_t in_task(std::size_t field) {
  return offsetof(guest::TaskStruct, scx) + field;
}

} // namespace

Result<> DsqMirrors::place_all(AddressSpace& space, const Sources& from) {
  const auto queues = from.engine.dsqs().subspan(from.engine.cpus());
  while (queues_.size() < queues.size()) {
    queues_.emplace_back(TRY(space.allocate(sizeof(guest::ScxDispatchQ))));
  }
  if (sched_.placed()) {
    return {};
  }
  const auto nodes = static_cast<std::uint32_t>(std::ranges::count(queues, kDsqGlobal, &Dsq::id));
  const std::uint64_t pointers = TRY(space.allocate(nodes * sizeof(guest::Pointer)));
  for (std::uint32_t node = 0; node < nodes; ++node) { // they come first
    space.ram().put(pointers + node * sizeof(guest::Pointer),
                    space.direct(queues_[node].physical()));
  }
  nodes_ = space.direct(pointers);
  space.ram().put(space.image_physical(layout::kNrNodeIds), nodes);
  table_ = Mirror<guest::BucketTable>(TRY(space.allocate(sizeof(guest::BucketTable))));
  sched_ = Mirror<guest::ScxSched>(TRY(space.allocate(sizeof(guest::ScxSched))));
  return {};
}

// The nth queue, which lies at `at`. Its tree leans to the right: each task but the first is its
// predecessor's right child.
guest::ScxDispatchQ DsqMirrors::link(const Sources& from, std::size_t number, std::uint64_t at,
                                     const AddressOfTask& address_of_task) {
  const Dsq& dsq = from.engine.dsqs()[number];
  guest::ScxDispatchQ now;
  Ring ring(at + offsetof(guest::ScxDispatchQ, list));
  std::vector<TaskId> ids;
  if (from.sched_ext()) {
    now.nr = dsq.nr;
    ids = tasks_of(from.engine, dsq);
  }
  for (const TaskId id : ids) {
    ring.add(address_of_task(id) + in_task(offsetof(guest::SchedExtEntity, dsq_list)));
  }
  now.id = number < from.engine.cpus() ? kDsqLocal : dsq.id;
  now.list = ring.head();
  const auto node_of = [&](std::size_t n) {
    return address_of_task(ids[n]) + in_task(offsetof(guest::SchedExtEntity, dsq_priq));
  };
  const bool is_tree = !dsq.by_vtime.empty() && !ids.empty();
  now.priq = is_tree ? node_of(0) : 0;
  for (std::size_t n = 0; n < ids.size(); ++n) {
    Place& place = places_[ids[n]];
    place.queue = at;
    place.list = ring.node(n);
    if (is_tree) {
      place.tree.parent_color = n > 0 ? node_of(n - 1) : 0;
      place.tree.rb_right = n + 1 < ids.size() ? node_of(n + 1) : 0;
    }
  }
  return now;
}

void DsqMirrors::store_scheduler(AddressSpace& space, const Sources& from) {
  Ram& ram = space.ram();
  if (from.sched_ext()) {
    guest::ScxSched now;
    const std::string& name = from.scheduler->name;
    std::copy_n(name.begin(), std::min(name.size(), now.name.size() - 1), now.name.begin());
    now.dsq_hash = space.direct(table_.physical());
    now.global_dsqs = nodes_;
    now.pcpu = space.image(layout::kScxPcpu);
    now.exit_kind = from.scheduler->exit_kind;
    sched_.store(ram, now);
  }
  if (attached_ != from.sched_ext()) {
    attached_ = from.sched_ext();
    ram.put(space.image_physical(layout::kScxRoot),
            attached_ ? space.direct(sched_.physical()) : 0);
  }
}

Result<> DsqMirrors::store(AddressSpace& space, const Sources& from,
                           const std::vector<std::uint64_t>& runqueues,
                           const AddressOfTask& address_of_task) {
  TRY(place_all(space, from));
  places_.assign(from.engine.tasks().size(), {});
  locals_.clear();
  for (CpuId cpu = 0; cpu < from.engine.cpus(); ++cpu) {
    const std::uint64_t at =
        runqueues[cpu] + offsetof(guest::Rq, scx) + offsetof(guest::ScxRq, local_dsq);
    locals_.push_back(link(from, cpu, at, address_of_task));
  }
  const std::size_t first = from.engine.cpus();
  guest::BucketTable table;
  table.size = guest::kBuckets;
  for (std::size_t i = 0; i < queues_.size(); ++i) {
    if (first + i >= from.engine.dsqs().size()) {
      guest::ScxDispatchQ gone; // of a scheduler that is gone
      gone.id = kDsqInvalid;
      queues_[i].store(space.ram(), gone);
      continue;
    }
    const std::uint64_t at = space.direct(queues_[i].physical());
    guest::ScxDispatchQ now = link(from, first + i, at, address_of_task);
    if (now.id < kUserIds) {
      guest::Pointer& bucket = table.buckets.at(now.id % guest::kBuckets);
      const std::uint64_t place = space.direct(table_.physical()) +
                                  offsetof(guest::BucketTable, buckets) +
                                  now.id % guest::kBuckets * sizeof bucket;
      now.hash_node = bucket == 0 ? place | kChainEnds : bucket;
      bucket = at + offsetof(guest::ScxDispatchQ, hash_node);
    }
    queues_[i].store(space.ram(), now);
  }
  table_.store(space.ram(), table);
  store_scheduler(space, from);
  return {};
}

} // namespace schedrig::mock
