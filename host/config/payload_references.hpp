// SPDX-License-Identifier: MIT
// What a scenario says about payloads, as far as the file alone decides it: names that are declared
// twice or never, names of schedulers, waits for what nothing has started. Part of the checks of
// references.hpp. Thread: the Decoder's.
#pragma once

#include <schedrig/scenario.hpp>

#include "host/config/decoder.hpp"

namespace schedrig::config {

void check_payload_references(Decoder& decoder, const Scenario& scenario);

} // namespace schedrig::config
