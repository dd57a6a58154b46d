// SPDX-License-Identifier: MIT
// kvm_probe: prints what the probes find on this host; exit code 0 when all are ok.
#include <algorithm>
#include <iostream>

#include "probe/probe.hpp"

int main(int argc, char** argv) {
  const auto reports = argc > 1 ? schedrig::kvm::run_probes(argv[1]) : schedrig::kvm::run_probes();
  for (const auto& report : reports) {
    std::cout << (report.ok ? "ok    " : "failed ") << report.name << ": " << report.observed
              << "\n";
    if (!report.ok) {
      std::cout << "       " << report.consequence << "; " << report.remedy << "\n";
    }
  }
  return std::ranges::all_of(reports, [](const auto& report) { return report.ok; }) ? 0 : 1;
}
