// SPDX-License-Identifier: MIT
// `schedrig doctor [BACKEND]`: what this machine can do, found out by trying it. The host's own
// findings and those of every backend plugin that has probes, or those of one backend.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <unistd.h>

#include "host/cli/backend_probes.hpp"
#include "host/cli/plugin_setup.hpp"
#include "host/cli/verb.hpp"
#include "host/doctor/finding.hpp"

namespace schedrig::cli {
namespace {

using doctor::Finding;
using doctor::Severity;

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
    const auto found = probe_backend(**loaded);
    findings.insert(findings.end(), found.begin(), found.end());
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

int report(const std::vector<Finding>& findings, const Globals& globals) {
  const bool colour = use_colour(globals, STDOUT_FILENO);
  for (const Finding& finding : findings) {
    print(finding, colour);
  }
  const auto bad = std::ranges::count(findings, Severity::kFail, &Finding::severity);
  const auto warnings = std::ranges::count(findings, Severity::kWarn, &Finding::severity);
  std::printf("%zu findings, %td failed, %td with warnings\n", findings.size(), bad, warnings);
  return bad == 0 ? kExitPass : kExitInfrastructure;
}

int examine_host(const Globals& globals) {
  std::vector<Finding> findings;
  probe_backends(globals, findings);
  for (Finding& finding : doctor::host_findings()) {
    findings.push_back(std::move(finding));
  }
  return report(findings, globals);
}

int examine_backend(const std::string& name, const Globals& globals) {
  loader::Registry registry = plugin_registry(globals);
  const auto loaded = registry.load(name, PluginKind::kBackend);
  if (!loaded) {
    return report_error(loaded.error(), exit_code_for(loaded.error()));
  }
  std::vector<Finding> findings = probe_backend(**loaded);
  if (findings.empty()) {
    findings.push_back({.name = name,
                        .severity = Severity::kOk,
                        .observed = "loads, and has nothing to try: it needs nothing of the host",
                        .consequence = {},
                        .remedy = {}});
  }
  return report(findings, globals);
}

} // namespace

void add_doctor_verb(CLI::App& app, const Globals& globals, Action& action) {
  auto backend = std::make_shared<std::string>();
  CLI::App* verb = app.add_subcommand("doctor", "find out what this machine can do");
  verb->add_option("BACKEND", *backend, "only whether this backend can work here");
  verb->callback([&action, &globals, backend] {
    action = [&globals, backend] {
      return backend->empty() ? examine_host(globals) : examine_backend(*backend, globals);
    };
  });
}

} // namespace schedrig::cli
