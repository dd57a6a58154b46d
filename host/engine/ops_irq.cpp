// SPDX-License-Identifier: MIT
#include "host/engine/ops_irq.hpp"

#include <algorithm>
#include <cerrno>

#include "host/engine/cpuset.hpp"
#include "host/engine/interrupts.hpp"

namespace schedrig::engine {
namespace {

Result<std::uint32_t> number_of(OpContext& context, const SteerIrq& op) {
  if (const auto* number = std::get_if<std::uint32_t>(&op.irq)) {
    return *number;
  }
  const std::string text = TRY(context.session.files().read("/proc/interrupts"));
  return find_interrupt(TRY(parse_interrupts(text)), std::get<std::string>(op.irq), op.nth);
}

std::string_view help_for(int os_errno) {
  switch (os_errno) {
  case EIO:   // up to Linux 6.11
  case EPERM: // since 6.12
    return "the kernel does not let this interrupt be moved: it is per CPU, managed, or its "
           "controller cannot do it";
  case ENOENT:
    return "/proc/interrupts lists the interrupts of the machine";
  default:
    return "";
  }
}

} // namespace

Result<> apply(OpContext& context, const SteerIrq& op) {
  const auto& online = context.session.online();
  if (!std::ranges::binary_search(online, op.cpu)) {
    return fail(StatusCode::kNotFound, "CPU " + std::to_string(op.cpu) + " is not online",
                "online: " + to_cpulist(online));
  }
  const std::uint32_t number = TRY(number_of(context, op));
  auto written = context.session.files().write(
      "/proc/irq/" + std::to_string(number) + "/smp_affinity_list", std::to_string(op.cpu));
  if (!written && written.error().help.empty()) {
    written.error().help = help_for(written.error().os_errno);
  }
  return written;
}

} // namespace schedrig::engine
