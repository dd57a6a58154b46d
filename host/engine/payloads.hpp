// SPDX-License-Identifier: MIT
// Payloads: started into place, ended one way or another, recorded with metrics and checks. The
// order spawn -> cgroup.procs -> start makes sure that no instruction of a program runs outside its
// cgroup. Thread: host.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <schedrig/scenario.hpp>

#include "host/engine/op_context.hpp"

namespace schedrig::engine {

// The declared payload; kNotFound names the nearest, kInvalidArgument says that it is a scheduler,
// kUnsupported that the machine has no payloads facet.
[[nodiscard]] Result<const PayloadDef*> find_payload(OpContext& context, std::string_view name);

// Starts one in a managed cgroup, or in the runner's (nullptr), with `args` after its default ones.
// On error nothing of it is left.
Result<> start_payload(OpContext& context, const PayloadDef& def,
                       const std::vector<std::string>& args, Cgroup* cgroup);

// Records one that has ended by itself.
Result<> collect_payload(OpContext& context, PayloadHandle& handle);
// Kills its process group and records it; one that has ended by itself is recorded as such.
Result<> kill_payload(OpContext& context, PayloadHandle& handle, PayloadEnd how);

// Kill those of a cgroup, or of an owner, last started first. They go on after an error and return
// the first.
Result<> end_payloads_of_cgroup(OpContext& context, const Cgroup& cgroup);
Result<> drain_payloads(OpContext& context, Owner owner);

} // namespace schedrig::engine
