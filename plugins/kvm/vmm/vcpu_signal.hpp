// SPDX-License-Identifier: MIT
// Threads of the VMM: how they are started, and the signal that makes KVM_RUN return.
//
// Every thread starts with all signals blocked, so that the host program's handlers never run on
// it; a vCPU thread unblocks the kick signal. Thread: any.
#pragma once

#include <functional>
#include <string>
#include <thread>

#include <pthread.h>

#include <schedrig/result.hpp>

namespace schedrig::kvm {

// `name` is cut to the kernel's 15 characters.
[[nodiscard]] Result<std::thread> start_thread(const std::string& name, std::function<void()> body);

// Installs an empty handler for SIGRTMIN (without one, the signal would end the process or, if
// ignored, not interrupt anything). Error: somebody else's handler is installed.
[[nodiscard]] Result<> install_kick_handler();

// [vcpu thread] Lets the kick signal through.
void unblock_kick_signal() noexcept;

void send_kick(pthread_t thread) noexcept;

} // namespace schedrig::kvm
