// SPDX-License-Identifier: MIT
// Sends the files that the command has written and the outside wants.
//
// Part of the lab's init; see machine.hpp. Thread: the only one.
#pragma once

#include "host/lab/request.hpp"

namespace schedrig::lab {

// Sends each output file of the request, in order; of a family all that there are, by their names.
void send_outputs(int port, const InitRequest& request);

} // namespace schedrig::lab
