// SPDX-License-Identifier: MIT
#include "host/engine/kernel_targets.hpp"

#include "host/text/hex.hpp"

namespace schedrig::engine {
namespace {

struct Describe {
  std::string operator()(const SymbolTarget& target) const { return "symbol " + target.name; }
  std::string operator()(const DirectTarget& target) const {
    return "direct " + text::hex_number(target.address);
  }
  std::string operator()(const KvaTarget& target) const {
    return "kva " + text::hex_number(target.address);
  }
  std::string operator()(const PerCpuTarget& target) const {
    return "per_cpu " + target.symbol + "." + target.field + " of CPU " +
           std::to_string(target.cpu);
  }
  std::string operator()(const TaskTarget& target) const {
    return "task " + std::to_string(target.pid) + ", field " + target.field;
  }
  std::string operator()(const WorkerTarget& target) const {
    return "worker " + std::to_string(target.worker) + " of cgroup " + target.cgroup + ", field " +
           target.field;
  }
  std::string operator()(const MapTarget& target) const {
    return "map " + target.name + ", variable " + target.field;
  }
  std::string operator()(const PluginTarget& target) const {
    return "target of dispatcher " + target.dispatcher;
  }
};

} // namespace

Result<std::uint64_t> TargetResolver::linear_address(const KernelTarget& /*target*/,
                                                     std::uint32_t /*bytes*/) {
  return fail(StatusCode::kUnsupported, "the kernel's own addresses are not known here");
}

std::string TargetResolver::symbol_at(std::uint64_t /*linear*/) {
  return {};
}

std::string to_string(const KernelTarget& target) {
  return std::visit(Describe{}, target);
}

} // namespace schedrig::engine
