// SPDX-License-Identifier: MIT
#include "host/engine/lost_time.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace schedrig::engine {
namespace {

// An hour of five looks a second: of a machine that loses all of its time.
constexpr std::size_t kMaxMoments = 18'000;

} // namespace

void LostTime::add(std::int64_t at_ns, std::vector<std::int64_t> lost_ns) {
  moments_.push_back({.at_ns = at_ns, .lost_ns = std::move(lost_ns)});
  if (moments_.size() > kMaxMoments) {
    moments_.pop_front();
  }
}

std::int64_t LostTime::lost_since(const Moment& moment) const {
  std::int64_t most = 0;
  for (std::size_t cpu = 0; cpu < moment.lost_ns.size(); ++cpu) {
    most = std::max(most, moments_.back().lost_ns[cpu] - moment.lost_ns[cpu]);
  }
  return most;
}

std::int64_t LostTime::within(std::int64_t own_ns) {
  if (moments_.empty()) {
    return 0;
  }
  // The last moment since which a CPU had own_ns; time goes on, so it is never an earlier one
  // later.
  auto from = moments_.begin();
  for (auto next = std::next(from); next != moments_.end(); ++next) {
    if (moments_.back().at_ns - next->at_ns - lost_since(*next) < own_ns) {
      break;
    }
    from = next;
  }
  const std::int64_t lost = lost_since(*from);
  moments_.erase(moments_.begin(), from);
  return lost;
}

} // namespace schedrig::engine
