// SPDX-License-Identifier: MIT
// Whether a backend can honour a scenario, before anything starts. Used by `run` and `check`.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <schedrig/backend.hpp>
#include <schedrig/scenario.hpp>

namespace schedrig::engine {

// What a backend says of its facets on this host: id -> empty, or why not.
using Facets = std::map<std::string, std::string, std::less<>>;
[[nodiscard]] Facets read_facets(Backend& backend);

struct Missing {
  SourcePos pos;        // of the table: the op, the cgroup, the worker group
  std::string_view key; // of the table, that asks for it: "cpuset"; a literal, empty: the table
  std::string message;  // names op, backend and facet
  std::string help;
};

// What of the machine is beyond the limits that the backend has on any host.
[[nodiscard]] std::vector<Missing>
exceeded_limits(const Scenario& scenario, std::string_view backend_id, const BackendInfo& info);

// Every op of the scenario that the backend lacks a facet for, and exceeded_limits().
[[nodiscard]] std::vector<Missing> missing_capabilities(const Scenario& scenario,
                                                        std::string_view backend_id,
                                                        const BackendInfo& info,
                                                        const Facets& facets);

// Whether something in it is read from the guest's kernel: by an op, a hold or `[observe]`.
[[nodiscard]] bool looks_into_kernel(const Scenario& scenario);

} // namespace schedrig::engine
