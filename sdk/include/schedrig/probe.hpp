// SPDX-License-Identifier: MIT
// Probes: what a backend plugin finds out about this host by trying it, for `schedrig doctor`.
// Interface of the plugin's root object, not of a machine.
#pragma once

#include <cstdint>
#include <string_view>

#include <schedrig/status.hpp>

namespace schedrig {

enum class ProbeOutcome : std::uint32_t { kOk = 0, kWarning = 1, kFailed = 2 };

struct ProbeResult {
  std::uint32_t size = sizeof(ProbeResult);
  ProbeOutcome outcome = ProbeOutcome::kOk;
  std::string_view name;        // "data watchpoint"
  std::string_view observed;    // what was tried and what happened
  std::string_view consequence; // what will not work; empty when ok
  std::string_view remedy;      // what to do; empty when ok
};

class ProbeSink {
 public:
  virtual void on_probe(const ProbeResult& result) noexcept = 0;

 protected:
  ~ProbeSink() = default;
};

class Probes {
 public:
  static constexpr std::string_view kInterfaceId = "schedrig.probes/1";

  // [host-thread] Runs every probe; each ends within seconds, whatever the host does.
  virtual void run_probes(ProbeSink& sink) noexcept = 0;

 protected:
  ~Probes() = default;
};

} // namespace schedrig
