// SPDX-License-Identifier: MIT
// What a scenario's parts say about each other, as far as the file alone decides it: names that are
// declared twice or never, ops that run before what they need is made, moves that the step's end
// would undo, holds that cannot fit the deadline.
//
// Follows the order of a run: backdrop cgroups, backdrop ops, then each step's ops, setup, hold
// (ops.md, "Steps, backdrop, hold"); a looping step runs its setup first and its ops again.
// Thread: the Decoder's.
#pragma once

#include <string>

#include <schedrig/scenario.hpp>

#include "host/config/decoder.hpp"

namespace schedrig::config {

// Another place, as a message that stands at `here` says it: "line 7", with the file where it is
// another one.
[[nodiscard]] std::string line_of(const Scenario& scenario, SourcePos pos, SourcePos here);

// Reports through the decoder that decoded `scenario` from `document`. Nothing is said of names
// that earlier errors may have hidden (Decoder::lost), nor of what rests on a wrong value.
void check_references(Decoder& decoder, const Scenario& scenario, const Node& document);

} // namespace schedrig::config
