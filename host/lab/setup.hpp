// SPDX-License-Identifier: MIT
// setup_lab: makes sure that everything the lab needs is in the cache. Thread: any.
#pragma once

#include <schedrig/result.hpp>

#include "host/kernel/kernel_cache.hpp"
#include "host/lab/qemu.hpp"

namespace schedrig::lab {

struct LabParts {
  Qemu qemu;
  kernel::KernelEntry host_kernel;
};

// Fetches what is missing; with everything in the cache it needs no network and no apt.
// Errors: those of setup_qemu and kernel::fetch_kernel.
Result<LabParts> setup_lab(const Progress& progress);

} // namespace schedrig::lab
