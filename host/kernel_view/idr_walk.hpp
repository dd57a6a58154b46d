// SPDX-License-Identifier: MIT
// The objects that an IDR numbers (include/linux/idr.h, xarray.h of Linux 6.18), in the order of
// their numbers. Thread: host.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include <schedrig/result.hpp>

#include "host/kernel_view/kernel_view.hpp"

namespace schedrig::kernel_view {

// Pointers of the struct idr that the symbol is. kNotFound: no such symbol; kBadData: a node that
// leads astray, or more nodes and objects than a kernel can have.
Result<std::vector<std::uint64_t>> objects_of_idr(const KernelView& view, std::string_view symbol);

} // namespace schedrig::kernel_view
