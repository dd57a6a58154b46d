// SPDX-License-Identifier: MIT
// Runs the lab's one command and relays it: output out, interruption in.
//
// Part of the lab's init; see machine.hpp. Thread: the only one.
#pragma once

#include "host/lab/frame.hpp"
#include "host/lab/request.hpp"

namespace schedrig::lab {

// Sends one frame; blocks while the port is full. Powers off when the port is gone.
void send_frame(int port, FrameType type, const void* payload, std::uint32_t length);

// Starts the command, relays until it ended and its pipes are closed, kills what it left behind.
Exit run_command(int port, const InitRequest& request);

} // namespace schedrig::lab
