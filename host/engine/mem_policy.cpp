// SPDX-License-Identifier: MIT
#include "host/engine/mem_policy.hpp"

#include <algorithm>

#include "host/engine/cpuset.hpp"

namespace schedrig::engine {
namespace {

// Ascending. Without a cpuset also the nodes that have memory only.
std::vector<std::uint32_t> nodes_of(const TopologyView& topology,
                                    std::span<const std::uint32_t> cpuset) {
  std::vector<std::uint32_t> nodes;
  if (cpuset.empty()) {
    for (std::uint32_t node = 0; node < topology.nodes.size(); ++node) {
      nodes.push_back(node);
    }
    return nodes;
  }
  for (const CpuPlace& place : cpu_places(topology)) {
    if (std::ranges::binary_search(cpuset, place.cpu) &&
        (nodes.empty() || nodes.back() != place.node)) {
      nodes.push_back(place.node);
    }
  }
  return nodes;
}

Result<> set(OpContext& context, MemPolicyMode mode, std::span<const std::uint32_t> nodes) {
  MemPolicyFacet* const facet = context.session.mem_policy();
  if (facet == nullptr) {
    return fail(StatusCode::kUnsupported, "the machine cannot set memory policies",
                "leave mem_policy out");
  }
  auto done = from_status(facet->set_for_spawn(mode, nodes));
  if (!done) {
    context.session.note_failure(done.error());
  }
  return done;
}

} // namespace

Result<> check_mem_policy(const MemPolicy& policy, const TopologyView& topology,
                          std::span<const std::uint32_t> cpuset) {
  if (policy.mode == MemPolicyMode::kDefault || policy.mode == MemPolicyMode::kLocal) {
    return policy.nodes.empty()
               ? Result<>{}
               : fail(StatusCode::kInvalidArgument, "mem_policy default and local take no nodes");
  }
  if (policy.nodes.empty()) {
    return fail(StatusCode::kInvalidArgument, "mem_policy has no nodes", "name at least one");
  }
  if (policy.mode == MemPolicyMode::kPreferred && policy.nodes.size() > 1) {
    return fail(StatusCode::kInvalidArgument,
                "mem_policy preferred names the nodes " + to_cpulist(policy.nodes),
                "preferred takes one node, preferred_many takes several");
  }
  const auto allowed = nodes_of(topology, cpuset);
  for (const std::uint32_t node : policy.nodes) {
    if (!std::ranges::binary_search(allowed, node)) {
      return fail(StatusCode::kInvalidArgument,
                  "mem_policy names node " + std::to_string(node) +
                      (cpuset.empty()
                           ? ", which the topology lacks"
                           : ", of which the cpuset " + to_cpulist(cpuset) + " has no CPU"),
                  "nodes that are possible here: " + to_cpulist(allowed));
    }
  }
  return {};
}

Result<> begin_mem_policy(OpContext& context, const MemPolicy& policy, const Cgroup* cgroup) {
  std::span<const std::uint32_t> cpuset;
  if (cgroup != nullptr) {
    cpuset = cgroup->cpuset;
  }
  TRY(check_mem_policy(policy, context.session.topology(), cpuset));
  return policy.mode == MemPolicyMode::kDefault ? Result<>{}
                                                : set(context, policy.mode, policy.nodes);
}

Result<> end_mem_policy(OpContext& context, const MemPolicy& policy) {
  return policy.mode == MemPolicyMode::kDefault ? Result<>{}
                                                : set(context, MemPolicyMode::kDefault, {});
}

} // namespace schedrig::engine
