// SPDX-License-Identifier: MIT
#include "host/engine/hold.hpp"

#include <cmath>

namespace schedrig::engine {
namespace {

std::int64_t part(const HoldFraction& hold, std::int64_t duration_ns) {
  return std::llround(hold.fraction * static_cast<double>(duration_ns));
}

struct Planner {
  std::int64_t duration_ns;

  HoldPlan operator()(const HoldFixed& hold) const { return {.duration_ns = hold.duration_ns}; }
  HoldPlan operator()(const HoldFraction& hold) const {
    return {.duration_ns = part(hold, duration_ns)};
  }
  HoldPlan operator()(const HoldUntil& hold) const { return {.duration_ns = hold.timeout_ns}; }
  HoldPlan operator()(const HoldLoop& hold) const {
    const HoldPlan during = std::visit(*this, std::variant<HoldFraction, HoldFixed>(hold.during));
    return {.duration_ns = during.duration_ns, .every_ns = hold.every_ns};
  }
};

} // namespace

HoldPlan plan(const Hold& hold, std::int64_t run_duration_ns) {
  return std::visit(Planner{run_duration_ns}, hold);
}

} // namespace schedrig::engine
