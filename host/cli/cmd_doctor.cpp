// SPDX-License-Identifier: MIT
// `schedrig doctor`: what this machine can do, found out by trying it. The host's own findings and
// those of every backend plugin that has probes.
#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include <unistd.h>

#include <schedrig/probe.hpp>

#include "host/cli/plugin_setup.hpp"
#include "host/cli/verb.hpp"
#include "host/doctor/finding.hpp"

namespace schedrig::cli {
namespace {

using doctor::Finding;
using doctor::Severity;

class CollectProbes final : public ProbeSink {
 public:
  CollectProbes(std::string backend, std::vector<Finding>& findings)
      : backend_(std::move(backend)), findings_(findings) {}

  void on_probe(const ProbeResult& result) noexcept override {
    findings_.push_back({.name = backend_ + ": " + std::string(result.name),
                         .severity = static_cast<Severity>(result.outcome),
                         .observed = std::string(result.observed),
                         .consequence = std::string(result.consequence),
                         .remedy = std::string(result.remedy)});
  }

 private:
  std::string backend_;
  std::vector<Finding>& findings_;
};

void probe_backends(const Globals& globals, std::vector<Finding>& findings) {
  loader::Registry registry = plugin_registry(globals);
  for (const loader::PluginListing& listing : registry.discovery().listings) {
    if (listing.state != loader::ListingState::kUsable || !listing.note ||
        listing.note->kind != static_cast<std::uint32_t>(PluginKind::kBackend)) {
      continue;
    }
    const auto loaded = registry.load(listing.name, PluginKind::kBackend);
    if (!loaded) {
      findings.push_back({.name = listing.name + ": plugin",
                          .severity = Severity::kFail,
                          .observed = loaded.error().message,
                          .consequence = "this backend cannot be used",
                          .remedy = loaded.error().help});
      continue;
    }
    if (auto* probes = query<Probes>(*(*loaded)->plugin)) {
      CollectProbes sink(listing.name, findings);
      probes->run_probes(sink);
    }
  }
}

void print(const Finding& finding, bool colour) {
  const char* const paint[] = {"\x1b[32m", "\x1b[33m", "\x1b[31m"};
  const char* const before = colour ? paint[static_cast<std::size_t>(finding.severity)] : "";
  const char* const after = colour ? "\x1b[0m" : "";
  std::printf("%s%-4s%s  %s: %s\n", before, doctor::to_string(finding.severity), after,
              finding.name.c_str(), finding.observed.c_str());
  if (!finding.consequence.empty()) {
    std::printf("      so: %s\n", finding.consequence.c_str());
  }
  if (!finding.remedy.empty()) {
    std::printf("      do: %s\n", finding.remedy.c_str());
  }
}

int run_doctor(const Globals& globals) {
  std::vector<Finding> findings;
  probe_backends(globals, findings);
  for (Finding& finding : doctor::host_findings()) {
    findings.push_back(std::move(finding));
  }
  const bool colour = use_colour(globals, STDOUT_FILENO);
  for (const Finding& finding : findings) {
    print(finding, colour);
  }
  // A finding is news, not a failure: mock works on a machine where all else is missing.
  const auto bad = std::ranges::count(findings, Severity::kFail, &Finding::severity);
  const auto warnings = std::ranges::count(findings, Severity::kWarn, &Finding::severity);
  std::printf("%zu findings, %td failed, %td with warnings\n", findings.size(), bad, warnings);
  return kExitPass;
}

} // namespace

void add_doctor_verb(CLI::App& app, const Globals& globals, Action& action) {
  app.add_subcommand("doctor", "find out what this machine can do")->callback([&action, &globals] {
    action = [&globals] { return run_doctor(globals); };
  });
}

} // namespace schedrig::cli
