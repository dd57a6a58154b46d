// SPDX-License-Identifier: MIT
// The CPU use facet: on which CPUs workers have run so far, while they run. A worker's report has
// them for its whole life only, which says nothing about a cpuset that came later.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include <schedrig/status.hpp>

namespace schedrig {

class CpuUseSink {
 public:
  virtual void on_cpus(std::uint32_t worker, std::span<const std::uint32_t> ascending) noexcept = 0;

 protected:
  ~CpuUseSink() = default;
};

class CpuUseFacet {
 public:
  static constexpr std::string_view kInterfaceId = "schedrig.cpuuse/1";

  // [host-thread] Tells for each worker of a started group, in order, on which CPUs it has run
  // since the last call, or since its start, and begins anew: its report, too, has only what comes
  // later. A CPU that it is taken off at that moment belongs to what is told.
  virtual Status take_cpus(std::uint32_t group, CpuUseSink& sink) noexcept = 0;

 protected:
  ~CpuUseFacet() = default;
};

} // namespace schedrig
