// SPDX-License-Identifier: MIT
// The vCPU control facet. The pool has as many physical CPUs as the machine has CPUs.
#include <schedrig/export.hpp>

#include "plugins/mock/backend/machine.hpp"

namespace schedrig::mock {

template <class Do>
Status MockMachine::control(std::string_view what, std::uint32_t vcpu, Do&& act) {
  return guard(what, [&]() -> Status {
    if (Status status = check_up(what); !status.ok()) {
      return status;
    }
    if (vcpu >= engine_.cpus()) {
      return Status::make(StatusCode::kInvalidArgument,
                          std::string(what) + ": there is no vCPU " + std::to_string(vcpu));
    }
    act();
    return {};
  });
}

Status MockMachine::stop(std::uint32_t vcpu, std::int64_t until_ns) noexcept {
  return control("stop", vcpu, [&] { engine_.stop_cpu(vcpu, engine_time(until_ns)); });
}

Status MockMachine::resume(std::uint32_t vcpu) noexcept {
  return control("resume", vcpu, [&] { engine_.resume_cpu(vcpu); });
}

Status MockMachine::yield(std::uint32_t vcpu) noexcept {
  return control("yield", vcpu, [&] { engine_.yield_cpu(vcpu); });
}

Status MockMachine::pin(std::uint32_t vcpu, std::uint32_t physical_cpu) noexcept {
  if (physical_cpu >= engine_.cpus()) {
    return Status::make(StatusCode::kInvalidArgument,
                        "pin: there is no physical CPU " + std::to_string(physical_cpu));
  }
  return control("pin", vcpu, [&] { engine_.pin_cpu(vcpu, physical_cpu); });
}

Status MockMachine::unpin(std::uint32_t vcpu) noexcept {
  return control("unpin", vcpu, [&] { engine_.unpin_cpu(vcpu); });
}

} // namespace schedrig::mock
