// SPDX-License-Identifier: MIT
#include "host/engine/cpuset.hpp"

#include <algorithm>
#include <cmath>

#include "host/text/cpulist.hpp"
#include "host/text/integer.hpp"

namespace schedrig::engine {
namespace {

using Cpus = std::vector<std::uint32_t>;

class Resolver {
 public:
  Resolver(const TopologyView& topology, std::span<const std::uint32_t> online)
      : topology_(topology), online_(online) {}

  Result<Cpus> operator()(const LlcCpus& spec) const {
    const auto count = topology_.llc_cores.size();
    if (spec.llc >= count) {
      return fail(StatusCode::kNotFound, "llc = " + std::to_string(spec.llc) + " does not exist",
                  "the topology has " + text::numbered("LLC", count));
    }
    return of_place("llc = " + std::to_string(spec.llc),
                    [&](const CpuPlace& place) { return place.llc == spec.llc; });
  }

  Result<Cpus> operator()(const NumaCpus& spec) const {
    const auto count = topology_.nodes.size();
    if (spec.node >= count) {
      return fail(StatusCode::kNotFound, "numa = " + std::to_string(spec.node) + " does not exist",
                  "the topology has " + text::numbered("node", count));
    }
    return of_place("numa = " + std::to_string(spec.node),
                    [&](const CpuPlace& place) { return place.node == spec.node; });
  }

  Result<Cpus> operator()(const RangeCpus& spec) const {
    if (!std::isfinite(spec.start) || !std::isfinite(spec.end) || spec.start < 0 || spec.end > 1 ||
        spec.start >= spec.end) {
      return fail(StatusCode::kInvalidArgument, "range needs 0 <= start < end <= 1");
    }
    const auto n = static_cast<double>(online_.size());
    return part("range", static_cast<std::size_t>(std::floor(spec.start * n)),
                static_cast<std::size_t>(std::floor(spec.end * n)));
  }

  Result<Cpus> operator()(const DisjointCpus& spec) const {
    TRY(check_part(spec.index, spec.of));
    return part("disjoint", bound(spec.index, spec.of), bound(spec.index + 1, spec.of));
  }

  Result<Cpus> operator()(const OverlapCpus& spec) const {
    TRY(check_part(spec.index, spec.of));
    if (!std::isfinite(spec.frac) || spec.frac < 0 || spec.frac > 1) {
      return fail(StatusCode::kInvalidArgument, "overlap needs 0 <= frac <= 1");
    }
    const std::size_t start = bound(spec.index, spec.of);
    const std::size_t end = bound(spec.index + 1, spec.of);
    const auto widen =
        static_cast<std::size_t>(std::floor(spec.frac * static_cast<double>(end - start)));
    return part("overlap", start > widen ? start - widen : 0,
                std::min(end + widen, online_.size()));
  }

  Result<Cpus> operator()(const ExactCpus& spec) const {
    for (const std::uint32_t cpu : spec.cpus) {
      if (!std::ranges::binary_search(online_, cpu)) {
        return fail(StatusCode::kNotFound, "CPU " + std::to_string(cpu) + " is not online",
                    "online: " + to_cpulist(online_));
      }
    }
    if (spec.cpus.empty()) {
      return fail(StatusCode::kInvalidArgument, "an exact cpuset is empty");
    }
    return spec.cpus;
  }

 private:
  [[nodiscard]] std::size_t bound(std::uint32_t index, std::uint32_t of) const {
    return static_cast<std::size_t>(std::uint64_t{index} * online_.size() / of);
  }

  [[nodiscard]] Result<> check_part(std::uint32_t index, std::uint32_t of) const {
    if (of == 0 || index >= of || of > online_.size()) {
      return fail(StatusCode::kInvalidArgument,
                  "part " + std::to_string(index) + " of " + std::to_string(of) +
                      " does not exist on " + std::to_string(online_.size()) + " online CPUs",
                  "index must be below of, and of at most the number of online CPUs");
    }
    return {};
  }

  [[nodiscard]] Result<Cpus> part(std::string_view what, std::size_t start, std::size_t end) const {
    if (start >= end) {
      return fail(StatusCode::kInvalidArgument,
                  std::string(what) + " selects none of the " + std::to_string(online_.size()) +
                      " online CPUs",
                  "widen it, or give the machine more CPUs");
    }
    const auto chosen = online_.subspan(start, end - start);
    return Cpus(chosen.begin(), chosen.end());
  }

  template <class Match> Result<Cpus> of_place(const std::string& what, Match&& matches) const {
    Cpus cpus;
    for (const CpuPlace& place : cpu_places(topology_)) {
      if (matches(place) && std::ranges::binary_search(online_, place.cpu)) {
        cpus.push_back(place.cpu);
      }
    }
    if (cpus.empty()) {
      return fail(StatusCode::kInvalidArgument, what + " has no online CPU",
                  "topology " + to_string(topology_) + ", online: " + to_cpulist(online_));
    }
    return cpus;
  }

  const TopologyView& topology_;
  std::span<const std::uint32_t> online_;
};

} // namespace

Result<std::vector<std::uint32_t>> resolve(const CpusetSpec& spec, const TopologyView& topology,
                                           std::span<const std::uint32_t> online) {
  return std::visit(Resolver(topology, online), spec);
}

std::string to_cpulist(std::span<const std::uint32_t> ascending) {
  return text::format_cpulist(ascending);
}

Result<std::vector<std::uint32_t>> parse_cpulist(std::string_view text) {
  return text::parse_cpulist(text);
}

} // namespace schedrig::engine
