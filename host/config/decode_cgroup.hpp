// SPDX-License-Identifier: MIT
// Cgroup definitions and worker groups. Thread: the Decoder's.
#pragma once

#include <string>
#include <vector>

#include <schedrig/ops.hpp>

#include "host/config/decoder.hpp"

namespace schedrig::config {

// A definition table; one without a sound name makes references doubtful (Decoder::lost).
void decode_cgroup_def(Decoder& decoder, const FieldInfo& info, const Node& value, CgroupDef& to);
void decode_cgroup_defs(Decoder& decoder, const FieldInfo& info, const Node& value,
                        std::vector<CgroupDef>& to);

// One worker group.
void decode_work(Decoder& decoder, const FieldInfo& info, const Node& value, WorkGroup& to);

// The name of a cgroup of the run: one path component that the kernel's own files cannot collide
// with (they all hold a dot behind a controller's name: "cpu.max").
void decode_cgroup_name(Decoder& decoder, const FieldInfo& info, const Node& value,
                        std::string& to);

[[nodiscard]] std::span<const Form> cgroup_forms();
[[nodiscard]] std::span<const Form> work_forms();
[[nodiscard]] std::span<const Form> cgroup_name_forms();

} // namespace schedrig::config
