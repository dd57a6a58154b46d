// SPDX-License-Identifier: MIT
// Builds the emulated host's initramfs for a request. Internal to host/lab. Thread: any.
#pragma once

#include "host/lab/lab.hpp"
#include "host/process/unique_fd.hpp"

namespace schedrig::lab {

struct Initramfs {
  UniqueFd fd;
  std::uint64_t bytes = 0;
};

Result<Initramfs> build_initramfs(const LabRequest& request);

} // namespace schedrig::lab
