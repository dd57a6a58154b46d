// SPDX-License-Identifier: MIT
// The `meta` file of a cache entry: the facts about a kernel, so that listing does not unpack it.
//
// key=value lines, one fact each; unknown keys are ignored, so that an older schedrig reads what
// a newer one wrote. Values hold no newline. Thread: any.
#pragma once

#include <string>
#include <string_view>

#include "host/kernel/kernel_facts.hpp"

namespace schedrig::kernel {

struct KernelMeta {
  std::string origin;
  KernelFacts facts;
};

std::string write_meta(const KernelMeta& meta);

// Errors: kBadData when the version is missing or the format is one of the future.
Result<KernelMeta> parse_meta(std::string_view text);

} // namespace schedrig::kernel
