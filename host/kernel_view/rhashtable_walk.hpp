// SPDX-License-Identifier: MIT
// The objects in a hash table that grows and shrinks by itself (include/linux/rhashtable.h,
// lib/rhashtable.c of Linux 6.18). Thread: host.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include <schedrig/result.hpp>

#include "host/kernel_view/kernel_view.hpp"

namespace schedrig::kernel_view {

// The nodes (struct rhash_head) of the struct rhashtable at `table`, bucket by bucket; each once,
// also where the kernel stood still in the middle of moving them to a larger table. `name` is for
// the text. kBadData: a chain that leads astray, more buckets or nodes than a kernel can have, or
// buckets in levels, as only tables of thousands of nodes may have.
Result<std::vector<std::uint64_t>> nodes_of_rhashtable(const KernelView& view, std::uint64_t table,
                                                       std::string_view name);

} // namespace schedrig::kernel_view
