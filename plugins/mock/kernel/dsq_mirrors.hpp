// SPDX-License-Identifier: MIT
// The attached scheduler's dispatch queues in the machine's memory: struct scx_sched at scx_root,
// its hash table of queues, and in each the tasks that wait there, in their order. Thread: one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include <schedrig/result.hpp>

#include "plugins/mock/kernel/address_space.hpp"
#include "plugins/mock/kernel/mirror.hpp"
#include "plugins/mock/kernel/ring.hpp"
#include "plugins/mock/kernel/sources.hpp"

namespace schedrig::mock {

class DsqMirrors {
 public:
  // Stores the queues, and links the tasks on them. `runqueues` and what `address_of_task` returns
  // are linear.
  Result<> store(AddressSpace& space, const Sources& from,
                 const std::vector<std::uint64_t>& runqueues,
                 const std::function<std::uint64_t(TaskId)>& address_of_task);

  // All below: as the last store() has found it.
  void describe(TaskId id, guest::SchedExtEntity& now) const {
    if (id < places_.size() && places_[id].queue != 0) {
      now.dsq = places_[id].queue;
      now.dsq_list = places_[id].list;
      now.dsq_priq = places_[id].tree;
    }
  }
  // A CPU's own, which lies in its run queue.
  [[nodiscard]] const guest::ScxDispatchQ& local(CpuId cpu) const { return locals_[cpu]; }
  // Physical, of the attached scheduler's exit_kind.
  [[nodiscard]] std::optional<std::uint64_t> exit_kind() const {
    return attached_ ? std::optional(sched_.physical() + offsetof(guest::ScxSched, exit_kind))
                     : std::nullopt;
  }

 private:
  struct Place { // of a task
    guest::Pointer queue = 0;
    guest::ListHead list;
    guest::RbNode tree;
  };
  using AddressOfTask = std::function<std::uint64_t(TaskId)>;

  Result<> place_all(AddressSpace& space, const Sources& from);
  guest::ScxDispatchQ link(const Sources& from, std::size_t number, std::uint64_t at,
                           const AddressOfTask& address_of_task);
  void store_scheduler(AddressSpace& space, const Sources& from);

  std::vector<Place> places_;                       // by TaskId
  std::vector<guest::ScxDispatchQ> locals_;         // by CPU
  std::vector<Mirror<guest::ScxDispatchQ>> queues_; // those behind the local ones
  Mirror<guest::ScxSched> sched_;
  Mirror<guest::BucketTable> table_;
  std::uint64_t nodes_ = 0; // linear: a pointer to the global queue of each NUMA node
  bool attached_ = false;   // scx_root leads to sched_
};

} // namespace schedrig::mock
