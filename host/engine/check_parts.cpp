// SPDX-License-Identifier: MIT
#include "host/engine/check_parts.hpp"

#include <algorithm>
#include <utility>

#include <schedrig/work.hpp>

namespace schedrig::engine {

std::string describe_worker(const WorkerRecord& worker) {
  return "worker " + std::to_string(worker.worker) + " (" +
         std::string(work_type_info(worker.type).name) + ", pid " + std::to_string(worker.pid) +
         ") of " + (worker.cgroup.empty() ? "the runner" : "cgroup \"" + worker.cgroup + "\"");
}

std::int64_t unfrozen_length(const Gap& gap, const std::vector<Interval>& frozen) {
  const std::int64_t end = gap.start_ns + gap.length_ns;
  std::int64_t length = gap.length_ns;
  for (const Interval& interval : frozen) {
    const std::int64_t overlap =
        std::min(end, interval.end_ns) - std::max(gap.start_ns, interval.start_ns);
    length -= std::max<std::int64_t>(overlap, 0);
  }
  return std::max<std::int64_t>(length, 0);
}

std::int64_t unfrozen_life(const WorkerRecord& worker) {
  return unfrozen_length({.start_ns = worker.start_ns, .length_ns = worker.wall_ns}, worker.frozen);
}

CheckRecord skipped(std::string name, std::string limit, std::string why) {
  return {.name = std::move(name),
          .verdict = Verdict::kSkip,
          .observed = std::move(why),
          .limit = std::move(limit)};
}

CheckRecord inconclusive(std::string name, std::string limit, std::string why) {
  return {.name = std::move(name),
          .verdict = Verdict::kInconclusive,
          .observed = std::move(why),
          .limit = std::move(limit)};
}

} // namespace schedrig::engine
