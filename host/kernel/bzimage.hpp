// SPDX-License-Identifier: MIT
// BzImage: what an x86 kernel image says about itself, and the vmlinux packed inside it.
//
// Reads the setup header (Linux Documentation/arch/x86/boot.rst, protocol 2.08 and later) and
// the payload. Does not boot anything. Thread: any. Errors: kBadData for anything malformed.
#pragma once

#include <string>

#include "host/kernel/bytes.hpp"

namespace schedrig::kernel {

struct BzImage {
  std::string version;          // "6.18.15+deb13-cloud-amd64": what uname -r will say
  std::string build;            // the rest of the version text: "(...) #1 SMP ..."
  std::uint16_t protocol = 0;   // boot protocol, 0x020f = 2.15
  std::uint64_t payload_at = 0; // file offset of the packed vmlinux
  std::uint64_t payload_size = 0;
};

Result<BzImage> parse_bzimage(ByteView image);

// The vmlinux ELF file in `image`, which may be a bzImage or a vmlinux already.
Result<Bytes> extract_vmlinux(ByteView image);

} // namespace schedrig::kernel
