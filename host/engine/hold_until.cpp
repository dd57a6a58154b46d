// SPDX-License-Identifier: MIT
#include "host/engine/hold_until.hpp"

#include <string>
#include <variant>

#include "host/engine/comparison.hpp"
#include "host/engine/kernel_access.hpp"
#include "host/engine/kernel_requests.hpp"
#include "host/text/human_duration.hpp"

namespace schedrig::engine {
namespace {

// Kernel state changes with its ticks, of 1 to 10 ms; a read costs the machine nothing.
constexpr std::int64_t kPollNs = 1'000'000;

std::uint64_t number(const KernelValue& value) {
  const auto* wide = std::get_if<U64Value>(&value);
  return wide != nullptr ? wide->value : std::get<U32Value>(value).value;
}

} // namespace

Result<> hold_until(Session& session, const HoldUntil& hold) {
  const KernelRequest request = {
      .mode = KernelAccessMode::kHot,
      .access = KernelAccess::kRead,
      .tag = {},
      .entries = {{.target = hold.target, .value = zero_of(hold.width)}}};
  const std::int64_t deadline = session.now_ns() + hold.timeout_ns;
  while (true) {
    const auto values = TRY(carry_out(session, request));
    const std::uint64_t value = number(values.front());
    if (holds(hold.comparison, value)) {
      return {};
    }
    const std::int64_t now = session.now_ns();
    if (now >= deadline) {
      return fail(StatusCode::kTimeout, "wait_until: " + to_string(hold.target) + " was " +
                                            std::to_string(value) + ", not " +
                                            to_string(hold.comparison) + ", for " +
                                            text::human_duration(hold.timeout_ns));
    }
    TRY(session.wait_until(std::min(now + kPollNs, deadline)));
  }
}

} // namespace schedrig::engine
