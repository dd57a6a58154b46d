// SPDX-License-Identifier: MIT
// What a scenario's parts say about each other, as far as the file alone decides it: names that are
// declared twice or never, ops that run before what they need is made, moves that the step's end
// would undo, holds that cannot fit the deadline.
//
// Follows the order of a run: backdrop cgroups, backdrop ops, then each step's ops, setup, hold
// (ops.md, "Steps, backdrop, hold"); a looping step runs its setup first and its ops again.
// Thread: the Decoder's.
#pragma once

#include <schedrig/scenario.hpp>

#include "host/config/decoder.hpp"

namespace schedrig::config {

// Reports through the decoder that decoded `scenario`. When a name was lost to an earlier error
// (Decoder::names_lost), nothing is said to be undeclared.
void check_references(Decoder& decoder, const Scenario& scenario);

} // namespace schedrig::config
