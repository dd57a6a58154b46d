// SPDX-License-Identifier: MIT
// `[machine.memory] regions`: named parts of a machine's memory. Thread: the Decoder's.
#pragma once

#include <span>
#include <vector>

#include <schedrig/scenario.hpp>

#include "host/config/decoder.hpp"
#include "host/config/form.hpp"

namespace schedrig::config {

void read_memory_regions(Decoder& decoder, const FieldInfo& info, const Node& value,
                         std::vector<MemoryRegionConfig>& to);

// How the list may be written.
[[nodiscard]] std::span<const Form> memory_region_forms();

// Once the machine's memory is known: a region without a size gets what the others leave.
void share_memory(Decoder& decoder, const Node& machine, MachineConfig& to);

} // namespace schedrig::config
