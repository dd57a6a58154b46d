// SPDX-License-Identifier: MIT
#include "host/engine/cpu_use.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include <schedrig/cpu_use.hpp>

namespace schedrig::engine {
namespace {

class SetAside final : public CpuUseSink {
 public:
  explicit SetAside(std::vector<std::vector<std::uint32_t>>& by_worker) : by_worker_(by_worker) {}

  void on_cpus(std::uint32_t worker, std::span<const std::uint32_t> ascending) noexcept override {
    if (worker >= by_worker_.size()) {
      return;
    }
    std::vector<std::uint32_t> all;
    std::ranges::set_union(by_worker_[worker], ascending, std::back_inserter(all));
    by_worker_[worker] = std::move(all);
  }

 private:
  std::vector<std::vector<std::uint32_t>>& by_worker_;
};

Result<> begin_isolation(OpContext& context, WorkerGroup& group) {
  CpuUseFacet* const facet = context.session.cpu_use();
  if (facet == nullptr || !group.unrestricted || !group.started) {
    return {};
  }
  group.cpus_before.resize(group.pids.size());
  SetAside aside(group.cpus_before);
  if (auto taken = from_status(facet->take_cpus(group.facet_group, aside)); !taken) {
    context.session.note_failure(taken.error());
    return std::unexpected(
        std::move(taken).error().context("ask which CPUs the workers have used so far"));
  }
  group.unrestricted = false;
  group.permitted.clear();
  return {};
}

} // namespace

Result<> note_cpuset(OpContext& context, Cgroup& cgroup, const std::vector<std::uint32_t>& cpus) {
  if (!cpus.empty()) {
    for (WorkerGroup& group : context.books.groups()) {
      if (group.cgroup == cgroup.name) {
        TRY(begin_isolation(context, group));
      }
    }
  }
  context.books.set_cpuset(cgroup, cpus);
  return {};
}

Result<> note_arrival(OpContext& context, WorkerGroup& group, const Cgroup& to) {
  return to.cpuset.empty() ? Result<>() : begin_isolation(context, group);
}

} // namespace schedrig::engine
