// SPDX-License-Identifier: MIT
// FallbackPolicy: what runs the machine while no scheduler plugin is attached and after one was
// ejected. One global FIFO, as sched_ext's bypass mode; not under the watchdog.
#pragma once

#include <schedrig/sim_policy_adapter.hpp>

namespace schedrig::mock {

class FallbackPolicy final : public PolicyBase {};

} // namespace schedrig::mock
