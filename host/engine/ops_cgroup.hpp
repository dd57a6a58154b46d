// SPDX-License-Identifier: MIT
// Handlers of the ops that make, end and freeze cgroups. Meanings and error cases:
// docs/reference/ops.md.
#pragma once

#include <schedrig/ops.hpp>

#include "host/engine/op_context.hpp"

namespace schedrig::engine {

Result<> apply(OpContext& context, const AddCgroup& op);
Result<> apply(OpContext& context, const AddCgroupDef& op);
Result<> apply(OpContext& context, const RemoveCgroup& op);
Result<> apply(OpContext& context, const StopCgroup& op);
Result<> apply(OpContext& context, const FreezeCgroup& op);
Result<> apply(OpContext& context, const UnfreezeCgroup& op);
Result<> apply(OpContext& context, const CaptureCgroupProcs& op);

// Also what a step's or the backdrop's setup does with each of its definitions.
Result<> create_cgroup(OpContext& context, const CgroupDef& def);
// Also what teardown does with each cgroup. Goes on after an error and returns the first.
Result<> remove_cgroup(OpContext& context, Cgroup& cgroup);

} // namespace schedrig::engine
