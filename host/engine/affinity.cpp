// SPDX-License-Identifier: MIT
#include "host/engine/affinity.hpp"

#include <algorithm>
#include <numeric>
#include <string>

#include "host/engine/cpuset.hpp"

namespace schedrig::engine {
namespace {

using Cpus = std::vector<std::uint32_t>;
using Pins = std::vector<PinnedWorkers>;

class Resolver {
 public:
  Resolver(std::uint32_t workers, std::uint32_t unit, const AffinityPool& pool, Prng& random)
      : workers_(workers), unit_(unit), pool_(pool),
        cpus_(pool.cpuset.empty() ? pool.online : pool.cpuset), random_(random) {}

  Result<Pins> operator()(const InheritAffinity&) const { return all_on(all_online()); }
  // The kernel keeps a worker to its cpuset; what lies outside counts when the cpuset changes or
  // the worker moves.
  Result<Pins> operator()(const CrossCgroupAffinity&) const { return all_on(all_online()); }
  Result<Pins> operator()(const ExactAffinity& exact) const {
    if (exact.cpus.empty()) {
      return fail(StatusCode::kInvalidArgument, "an exact affinity is empty");
    }
    return all_on(exact.cpus);
  }

  Result<Pins> operator()(const RandomAffinity& random) const {
    if (random.count == 0 || random.count > cpus_.size()) {
      return fail(StatusCode::kInvalidArgument,
                  "random affinity of " + std::to_string(random.count) + " CPUs out of " +
                      std::to_string(cpus_.size()) + " (" + to_cpulist(cpus_) + ")",
                  "count must be 1 to " + std::to_string(cpus_.size()));
    }
    Pins pins;
    for (std::uint32_t worker = 0; worker < workers_; ++worker) {
      pins.push_back({.cpus = draw(random.count), .workers = {worker}});
    }
    return pins;
  }

  Result<Pins> operator()(const SingleCpuAffinity&) const {
    std::vector<Cpus> places;
    for (const std::uint32_t cpu : cpus_) {
      places.push_back({cpu});
    }
    return go_round(places, 1);
  }

  Result<Pins> operator()(const LlcAffinity&) const {
    return go_round(places_by(&CpuPlace::llc), unit_);
  }

  Result<Pins> operator()(const SmtPairAffinity&) const {
    auto cores = places_by(&CpuPlace::core);
    std::erase_if(cores, [](const Cpus& core) { return core.size() < 2; });
    if (cores.empty()) {
      return fail(StatusCode::kNotFound,
                  "smt_pair: no core has two CPUs among " + to_cpulist(cpus_),
                  "topology " + to_string(pool_.topology) + " has " +
                      std::to_string(pool_.topology.threads_per_core) +
                      " thread(s) per core; a cpuset must hold both threads of a core");
    }
    return go_round(cores, 2);
  }

 private:
  [[nodiscard]] Cpus all_online() const { return {pool_.online.begin(), pool_.online.end()}; }

  [[nodiscard]] Pins all_on(Cpus cpus) const {
    PinnedWorkers pinned = {.cpus = std::move(cpus), .workers = Cpus(workers_)};
    std::iota(pinned.workers.begin(), pinned.workers.end(), 0U);
    return {std::move(pinned)};
  }

  // Units of `together` workers take the places in turn.
  [[nodiscard]] Pins go_round(const std::vector<Cpus>& places, std::uint32_t together) const {
    Pins pins;
    for (const Cpus& cpus : places) {
      pins.push_back({.cpus = cpus, .workers = {}});
    }
    for (std::uint32_t worker = 0; worker < workers_; ++worker) {
      pins[worker / together % pins.size()].workers.push_back(worker);
    }
    std::erase_if(pins, [](const PinnedWorkers& pinned) { return pinned.workers.empty(); });
    return pins;
  }

  // The pool's CPUs by LLC or core, in the topology's order.
  [[nodiscard]] std::vector<Cpus> places_by(std::uint32_t CpuPlace::* index) const {
    std::vector<Cpus> places;
    std::uint32_t last = 0;
    for (const CpuPlace& place : cpu_places(pool_.topology)) {
      if (!std::ranges::binary_search(cpus_, place.cpu)) {
        continue;
      }
      if (places.empty() || place.*index != last) {
        places.emplace_back();
        last = place.*index;
      }
      places.back().push_back(place.cpu);
    }
    return places;
  }

  // A part of a Fisher-Yates shuffle.
  [[nodiscard]] Cpus draw(std::uint32_t count) const {
    Cpus left(cpus_.begin(), cpus_.end());
    for (std::uint32_t i = 0; i < count; ++i) {
      std::swap(left[i], left[i + random_.below(left.size() - i)]);
    }
    left.resize(count);
    std::ranges::sort(left);
    return left;
  }

  std::uint32_t workers_;
  std::uint32_t unit_;
  const AffinityPool& pool_;
  std::span<const std::uint32_t> cpus_;
  Prng& random_;
};

} // namespace

Result<std::vector<PinnedWorkers>> resolve_affinity(const AffinityIntent& intent,
                                                    std::uint32_t workers, std::uint32_t unit,
                                                    const AffinityPool& pool, Prng& random) {
  return std::visit(Resolver(workers, unit, pool, random), intent);
}

} // namespace schedrig::engine
