// SPDX-License-Identifier: MIT
// What a backend's plugin finds out about this host by trying it (schedrig/probe.hpp). Each probe
// ends within seconds. Thread: host.
#pragma once

#include <vector>

#include "host/doctor/finding.hpp"
#include "host/loader/registry.hpp"

namespace schedrig::cli {

// Named "BACKEND: PROBE"; empty where the backend has no probes.
[[nodiscard]] std::vector<doctor::Finding> probe_backend(const loader::LoadedPlugin& backend);

} // namespace schedrig::cli
