// SPDX-License-Identifier: MIT
// The initramfs of a guest: an uncompressed cpio archive in memory that holds the agent as /init
// and /dev/console, so that PID 1 has its standard streams before it has mounted anything.
//
// Format: "newc", Documentation/driver-api/early-userspace/buffer-format.rst. Thread: any.
#pragma once

#include <string>

#include <schedrig/result.hpp>

#include "channel/messages.hpp"
#include "vmm/mapped_file.hpp"

namespace schedrig::kvm {

[[nodiscard]] Bytes build_initramfs(ByteView agent);

// The agent's binary. Errors: kNotFound with the path, kBadData (no 64-bit ELF executable, or of
// implausible size).
[[nodiscard]] Result<MappedFile> open_agent(const std::string& path);

} // namespace schedrig::kvm
