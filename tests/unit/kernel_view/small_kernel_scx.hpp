// SPDX-License-Identifier: MIT
// A scheduler of sched_ext in the small kernel, with dispatch queues and the tasks on them, as
// Linux 6.18 has them. Thread: one.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "tests/unit/kernel_view/small_kernel.hpp"

namespace schedrig::test {

class SmallKernelScx {
 public:
  static constexpr std::uint64_t kGlobalId = (1ULL << 63U) | 1;

  // At scx_root, with one queue of a NUMA node and room for those of its own.
  SmallKernelScx(SmallKernel& kernel, std::string_view name)
      : kernel_(kernel), pointers(kernel.add_object(8)), sched(kernel.add_object(32)),
        buckets(add_table()) {
    kernel_.ram.put_text(sched - SmallKernel::kDirect, name);
    kernel_.put_field(sched, "scx_sched", "dsq_hash.tbl", buckets);
    kernel_.put_field(sched, "scx_sched", "global_dsqs", pointers);
    kernel_.put_at(pointers, add_queue(kGlobalId));
    kernel_.put_at(SmallKernel::address_of("scx_root"), sched);
  }

  std::uint64_t add_queue(std::uint64_t id) {
    const std::uint64_t queue = kernel_.add_object(48);
    kernel_.put_field(queue, "scx_dispatch_q", "id", id);
    put_tasks(queue, {});
    return queue;
  }
  // In the table's bucket number id % 4.
  std::uint64_t add_user_queue(std::uint64_t id) {
    const std::uint64_t queue = add_queue(id);
    hash(buckets, queue, id % kBuckets);
    return queue;
  }
  void hash(std::uint64_t table, std::uint64_t queue, std::uint64_t bucket) {
    const std::uint64_t slot = table + 16 + bucket * 8;
    std::uint64_t first = 0;
    std::memcpy(&first, kernel_.ram.at(slot - SmallKernel::kDirect, 8), 8);
    const std::uint64_t node = node_of(queue);
    kernel_.put_at(node, first == 0 ? slot | 1U : first & ~std::uint64_t{1});
    kernel_.put_at(slot, node);
  }
  [[nodiscard]] std::uint64_t node_of(std::uint64_t queue) const {
    return queue + kernel_.offset("scx_dispatch_q", "hash_node");
  }
  std::uint64_t add_table() {
    const std::uint64_t table = kernel_.add_object(16 + kBuckets * 8);
    kernel_.put_at(table, std::uint32_t{kBuckets});
    return table;
  }
  // By their pids, in this order.
  void put_tasks(std::uint64_t queue, const std::vector<std::uint32_t>& pids) {
    std::vector<std::uint64_t> nodes;
    for (const std::uint32_t pid : pids) {
      const std::uint64_t task = kernel_.tasks.at(pid - 1);
      kernel_.put_task(task, "scx.dsq", queue);
      kernel_.put_task(task, "scx.dsq_vtime", pid * std::uint64_t{100});
      nodes.push_back(task + kernel_.offset("task_struct", "scx.dsq_list"));
    }
    kernel_.put_field(queue, "scx_dispatch_q", "nr", nodes.size());
    kernel_.link(queue + kernel_.offset("scx_dispatch_q", "list"), std::move(nodes));
  }

 private:
  static constexpr std::uint32_t kBuckets = 4;

  SmallKernel& kernel_;

 public:
  std::uint64_t pointers; // to the queue of each NUMA node
  std::uint64_t sched;
  std::uint64_t buckets; // struct bucket_table
};

} // namespace schedrig::test
