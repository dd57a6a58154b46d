// SPDX-License-Identifier: MIT
// The CPU use facet of the mock machine.
#include <schedrig/export.hpp>

#include "plugins/mock/backend/machine.hpp"

namespace schedrig::mock {

std::vector<std::uint32_t> MockMachine::list_of(const CpuMask& mask) const {
  std::vector<std::uint32_t> cpus;
  for (CpuId cpu = 0; cpu < engine_.cpus(); ++cpu) {
    if (mask.test(cpu)) {
      cpus.push_back(cpu);
    }
  }
  return cpus;
}

Status MockMachine::take_cpus(std::uint32_t index, CpuUseSink& sink) noexcept {
  return guard("take CPUs", [&]() -> Status {
    Group* group = nullptr;
    if (Status status = group_of(index, "take CPUs", &group); !status.ok()) {
      return status;
    }
    for (std::uint32_t worker = 0; worker < group->pids.size(); ++worker) {
      const Process& process = *processes_.find(group->pids[worker]);
      sink.on_cpus(worker, list_of(engine_.take_cpus_used(process.task)));
    }
    return {};
  });
}

} // namespace schedrig::mock
