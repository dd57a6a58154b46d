// SPDX-License-Identifier: MIT
#include "host/cli/backend_probes.hpp"

#include <string>

#include <schedrig/probe.hpp>

namespace schedrig::cli {
namespace {

using doctor::Finding;
using doctor::Severity;

class CollectProbes final : public ProbeSink {
 public:
  CollectProbes(const std::string& backend, std::vector<Finding>& findings)
      : backend_(backend), findings_(findings) {}

  void on_probe(const ProbeResult& result) noexcept override {
    findings_.push_back({.name = backend_ + ": " + std::string(result.name),
                         .severity = static_cast<Severity>(result.outcome),
                         .observed = std::string(result.observed),
                         .consequence = std::string(result.consequence),
                         .remedy = std::string(result.remedy)});
  }

 private:
  const std::string& backend_;
  std::vector<Finding>& findings_;
};

} // namespace

std::vector<Finding> probe_backend(const loader::LoadedPlugin& backend) {
  std::vector<Finding> findings;
  if (auto* probes = query<Probes>(*backend.plugin)) {
    CollectProbes sink(backend.id, findings);
    probes->run_probes(sink);
  }
  return findings;
}

} // namespace schedrig::cli
