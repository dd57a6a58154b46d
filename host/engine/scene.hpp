// SPDX-License-Identifier: MIT
// What a snapshot of the kernel says about who runs and who waits, for triage. Pure; thread: any.
#pragma once

#include <cstdint>
#include <string>

#include "host/kernel_view/kernel_snapshot.hpp"
#include "host/triage/evidence.hpp"

namespace schedrig::engine {

// Of parts that could not be read nothing is in the scene. `source` as of triage::Scene.
[[nodiscard]] triage::Scene scene_of(const kernel_view::KernelSnapshot& snapshot,
                                     std::string source, std::int64_t at_ns);
// The same of the parts that it takes.
[[nodiscard]] triage::Scene scene_of(const Result<std::vector<kernel_view::CpuFacts>>& cpus,
                                     const Result<std::vector<kernel_view::TaskFacts>>& tasks,
                                     const Result<std::vector<kernel_view::DsqFacts>>& dsqs,
                                     std::string source, std::int64_t at_ns);

} // namespace schedrig::engine
