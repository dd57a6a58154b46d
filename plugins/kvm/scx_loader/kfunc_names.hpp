// SPDX-License-Identifier: MIT
// Kernel functions (kfuncs) that an object calls, by the names and prototypes of the running
// kernel. Kernels keep an old prototype under the plain name and give a new one the ending "___v2"
// until the old one goes (kernel/sched/ext.c, Linux 6.19); objects declare both weakly and tell
// theirs apart by further endings ("___v1", "___v2___compat"), which libbpf knows since 1.3.
// Thread: any.
#pragma once

#include <bpf/btf.h>

#include "scx_loader/note.hpp"
#include "scx_loader/object_image.hpp"

namespace schedrig::scx {

// Whether calls by the first prototype are right for the second: as many parameters of the same
// kinds; names, and the sizes of integers, do not count, as they do not for libbpf. Both are
// functions or their prototypes.
[[nodiscard]] bool same_prototype(const btf& object, const btf_type& ours, const btf& kernel,
                                  const btf_type& theirs);

// Gives each function that the object declares the longest name without some of its endings that
// the kernel has with the same prototype, in the image's symbols and BTF. A weak one whose name
// this kernel has with another prototype gets a name that no kernel has: the object then sees that
// it lacks it. Each change is noted. What is left to refuse, libbpf refuses.
void fit_kfunc_names(ObjectImage& image, const btf& kernel, const NoteSink& note);

} // namespace schedrig::scx
