// SPDX-License-Identifier: MIT
// The flags of a scheduler's operations (SCX_OPS_...), whose bits are not the same in all kernels.
// Thread: any.
#pragma once

#include <cstdint>

#include <bpf/btf.h>

#include "scx_loader/note.hpp"

namespace schedrig::scx {

// The kernel's bits of the names that `value` has by the object's enum scx_ops_flags. Names that
// the kernel lacks are left out with a note; bits without a name stay, and all do, with a note,
// where one side has no such enum.
[[nodiscard]] std::uint64_t translated_flags(const btf& object, const btf& kernel,
                                             std::uint64_t value, const NoteSink& note);

} // namespace schedrig::scx
