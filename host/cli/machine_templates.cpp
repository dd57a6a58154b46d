// SPDX-License-Identifier: MIT
#include "host/cli/machine_templates.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>

#include <schedrig/fork.hpp>

#include "host/log/log.hpp"

namespace schedrig::cli {
namespace {

// A boot in virtual time costs no more than a copy, and a run of a series is then, byte for byte,
// what its seed gives alone.
std::uint32_t default_count(const PreparedRun& prepared) {
  BackendInfo info;
  query<Backend>(*prepared.backend->plugin)->info(&info);
  return info.clock == ClockKind::kVirtual ? 0 : 1;
}

constexpr std::uint64_t kCacheBytes = 4ULL << 30U; // eight machines of the default memory

// In the lab the cache's directory lies in the memory that machines need, and ends with the
// command: only where it is asked for.
std::optional<std::uint64_t> cache_bytes(const MachineConfig& machine) {
  if (machine.template_cache_bytes || std::getenv("SCHEDRIG_LAB") != nullptr) {
    return machine.template_cache_bytes;
  }
  return kCacheBytes;
}

bool has_noncoherent_memory(const MachineConfig& machine) {
  return std::ranges::any_of(machine.regions, [](const MemoryRegionConfig& region) {
    return region.cache == MemoryCache::kNoncoherent;
  });
}

} // namespace

MachineTemplates::MachineTemplates(const PreparedRun& prepared, bool several_runs) {
  const MachineConfig& machine = prepared.scenario.machine;
  if (has_noncoherent_memory(machine)) {
    return; // a template's machines have memory of one type
  }
  const std::uint32_t count = machine.templates.value_or(default_count(prepared));
  auto* const forks = query<ForkFacet>(*prepared.backend->plugin);
  if (count == 0 || forks == nullptr) {
    if (count > 0 && machine.templates) {
      log::warn(log::Module::kCli, "backend \"" + prepared.backend->id + "\" has no templates (" +
                                       std::string(ForkFacet::kInterfaceId) +
                                       "): each machine boots");
    }
    return;
  }
  if (const auto most_bytes = cache_bytes(machine)) {
    if (auto cache = templates::TemplateCache::open(*most_bytes)) {
      cache_ = *std::move(cache);
    }
  }
  templates_ = std::make_unique<engine::Templates>(
      *query<Backend>(*prepared.backend->plugin), *forks,
      engine::TemplateOptions{
          .count = count, .several_runs = several_runs, .cache = cache_ ? &*cache_ : nullptr});
}

} // namespace schedrig::cli
