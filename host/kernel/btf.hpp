// SPDX-License-Identifier: MIT
// What a kernel's BTF says about sched_ext: is it there, and can BPF schedulers link against it.
//
// In newer kernels (7.1 has them, 7.0 not) kfuncs may have an implicit last argument,
// `struct bpf_prog_aux *`. The kernel's build then splits such a function in two: NAME without
// that argument, which programs call, and NAME_impl with it. A BTF made by an older pahole has
// NAME *with* the argument and no NAME_impl, and the verifier refuses every program that calls
// it ("cannot find function NAME_impl in BTF"): seen on Debian's 7.1.13 and 7.2.12.
// The implementation is the only file that includes libbpf here. Thread: any.
#pragma once

#include <cstdint>
#include <string>

#include "host/kernel/bytes.hpp"

namespace schedrig::kernel {

enum class SchedExtBtf : std::uint32_t {
  kAbsent = 0, // no struct sched_ext_ops: the kernel has no sched_ext
  kBroken = 1, // implicit arguments without their _impl functions
  kWhole = 2,
};

struct BtfFacts {
  SchedExtBtf sched_ext = SchedExtBtf::kAbsent;
  std::string missing;     // a function that should be there and is not; when kBroken
  std::uint32_t types = 0; // number of types
};

// btf: content of a vmlinux's .BTF section or of /sys/kernel/btf/vmlinux.
// Errors: kBadData when libbpf cannot read it.
Result<BtfFacts> read_btf_facts(ByteView btf);

} // namespace schedrig::kernel
