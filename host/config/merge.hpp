// SPDX-License-Identifier: MIT
// Layers of a config laid over each other: tables merge key by key, everything else (lists, too) is
// replaced, and so is a table that stands for one of several alternatives: { numa = 0 } over
// { llc = 0 } is { numa = 0 }. Pure; thread: any.
#pragma once

#include <span>

#include "host/config/form.hpp"
#include "host/config/node.hpp"

namespace schedrig::config {

// Each value keeps the place that it came from; a table in both has the upper one's. `forms`: how
// the value may be written.
void merge_over(Node& lower, Node upper, std::span<const Form> forms);

} // namespace schedrig::config
