// SPDX-License-Identifier: MIT
// Finding: which kernels are in the cache, and what they are good for.
#include <algorithm>

#include "host/doctor/finding.hpp"
#include "host/kernel/kernel_cache.hpp"

namespace schedrig::doctor {

Finding find_kernels() {
  const std::string name = "kernels";
  const std::string remedy = "run 'schedrig kernel fetch'";
  const auto cache = kernel::KernelCache::open();
  if (!cache) {
    return {name, Severity::kFail, cache.error().message, "no kernel can be kept or found",
            cache.error().help};
  }
  const auto entries = cache->list();
  if (entries.empty()) {
    return {name, Severity::kWarn, "none in " + cache->dir().string(),
            "machine.kernel of a config must be a path", remedy};
  }
  std::string observed;
  for (const kernel::KernelEntry& entry : entries) {
    observed += (observed.empty() ? "" : "; ") + entry.facts.version + ": " +
                kernel::sched_ext_line(entry.facts) +
                (entry.can_host_lab() ? ", can host the lab" : "");
  }
  const auto whole = [](const kernel::KernelEntry& entry) { return entry.facts.whole(); };
  if (std::ranges::none_of(entries, whole)) {
    return {name, Severity::kWarn, observed, "sched_ext schedulers cannot be tested by default",
            remedy};
  }
  if (std::ranges::none_of(entries, &kernel::KernelEntry::can_host_lab)) {
    return {name, Severity::kWarn, observed, "the lab has no kernel for its emulated host", remedy};
  }
  return {name, Severity::kOk, observed, {}, {}};
}

} // namespace schedrig::doctor
