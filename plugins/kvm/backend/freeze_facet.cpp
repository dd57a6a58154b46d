// SPDX-License-Identifier: MIT
#include "backend/freeze_facet.hpp"

#include <schedrig/export.hpp>

namespace schedrig::kvm {

Result<> VmFreezer::stop(std::chrono::nanoseconds timeout) {
  channel_.pump(); // so that the device thread has room for what is on its way
  TRY(vm_.freeze(std::chrono::ceil<std::chrono::milliseconds>(timeout)));
  clock_.stop();
  return {};
}

Result<Pause> VmFreezer::go_on() {
  const Pause pause = TRY(vm_.thaw());
  clock_.go_on(pause.clock.count());
  if (pause.guest_clock_stood) {
    link_.guest_stood(pause.clock.count());
  }
  guest_clock_stood_ = guest_clock_stood_ && pause.guest_clock_stood;
  return pause;
}

Status VmFreezer::freeze(std::int64_t timeout_ns) noexcept {
  return guard("freeze", [&] { return stop(std::chrono::nanoseconds(timeout_ns)); });
}

Status VmFreezer::thaw(std::int64_t* frozen_ns) noexcept {
  return guard("thaw", [&]() -> Result<> {
    *frozen_ns = TRY(go_on()).whole.count();
    return {};
  });
}

} // namespace schedrig::kvm
