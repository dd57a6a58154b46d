// SPDX-License-Identifier: MIT
// BPF maps and programs of a snapshot, as JSON. Thread: host.
#pragma once

#include <vector>

#include "host/json/value.hpp"
#include "host/kernel/btf_render.hpp"
#include "host/kernel_view/kernel_snapshot.hpp"

namespace schedrig::kernel_view {

// In the place of what could not be read.
[[nodiscard]] json::Value error_value(const Error& error);
// What they are.
[[nodiscard]] json::Value program_value(const ProgramFacts& program);
[[nodiscard]] json::Value map_value(const MapSnapshot& map);
// What maps hold, by name; of several maps of one name the one with the lowest id, as targets take
// it. `types`: the kernel's own. Programs have names where `snapshot` has them.
[[nodiscard]] json::Value map_values(const KernelSnapshot& snapshot, const kernel::BtfTypes& types,
                                     const kernel::RenderOptions& options);

} // namespace schedrig::kernel_view
