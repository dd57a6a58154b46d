// SPDX-License-Identifier: MIT
// The line that a kernel prints first, found in its vmlinux:
// "Linux version 6.18.15+deb13-cloud-amd64 (builder@host) (gcc ...) #1 SMP ..."
// (linux_banner: init/version.c, init/version-timestamp.c of Linux 6.18). Thread: any.
#pragma once

#include <optional>
#include <string>

#include "host/kernel/bytes.hpp"

namespace schedrig::kernel {

struct KernelBanner {
  std::string version; // "6.18.15+deb13-cloud-amd64"
  std::string build;   // "#1 SMP ..."
};

// Nothing: there is none, as in a file that is no kernel.
std::optional<KernelBanner> find_banner(ByteView vmlinux);

} // namespace schedrig::kernel
