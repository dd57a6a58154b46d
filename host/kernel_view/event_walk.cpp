// SPDX-License-Identifier: MIT
#include "host/kernel_view/event_walk.hpp"

#include <array>
#include <string_view>

#include "host/kernel_view/struct_reader.hpp"

namespace schedrig::kernel_view {
namespace {

// Of Linux 6.15 to 7.2.
constexpr std::array<std::string_view, 13> kEvents = {"SCX_EV_SELECT_CPU_FALLBACK",
                                                      "SCX_EV_DISPATCH_LOCAL_DSQ_OFFLINE",
                                                      "SCX_EV_DISPATCH_KEEP_LAST",
                                                      "SCX_EV_ENQ_SKIP_EXITING",
                                                      "SCX_EV_ENQ_SKIP_MIGRATION_DISABLED",
                                                      "SCX_EV_REFILL_SLICE_DFL",
                                                      "SCX_EV_BYPASS_DURATION",
                                                      "SCX_EV_BYPASS_DISPATCH",
                                                      "SCX_EV_BYPASS_ACTIVATE",
                                                      "SCX_EV_INSERT_NOT_OWNED",
                                                      "SCX_EV_SUB_BYPASS_DISPATCH",
                                                      "SCX_EV_REENQ_IMMED",
                                                      "SCX_EV_REENQ_LOCAL_REPEAT"};

// Where one CPU's counters are.
class EventPlaces {
 public:
  static Result<EventPlaces> of(const KernelView& view) {
    const kernel::BtfTypes& types = view.facts().types;
    EventPlaces places(view);
    if (!view.facts().symbols.address_of("scx_root")) {
      return places; // 6.15, or nothing
    }
    const std::uint64_t root = TRY(view.address_of("scx_root"));
    const auto scheduler = TRY(view.memory().read_object<std::uint64_t>(root));
    if (scheduler == 0) {
      places.nothing_ = true;
      return places;
    }
    auto sched = TRY(StructReader::of(types, view.memory(), "scx_sched"));
    if (sched.has("pcpu")) {
      auto each = TRY(StructReader::of(types, view.memory(), "scx_sched_pcpu"));
      places.base_ = TRY(sched.number(scheduler, "pcpu")) + TRY(each.place("event_stats")).offset;
    } else if (sched.has("event_stats_cpu")) {
      places.base_ = TRY(sched.number(scheduler, "event_stats_cpu"));
    } else {
      places.nothing_ = true;
    }
    return places;
  }

  [[nodiscard]] bool nothing() const { return nothing_; }
  [[nodiscard]] Result<std::uint64_t> of_cpu(std::uint32_t cpu) const {
    if (base_ == 0) {
      return view_->per_cpu_address("event_stats_cpu", cpu);
    }
    return base_ + TRY(view_->per_cpu_offset(cpu));
  }

 private:
  explicit EventPlaces(const KernelView& view) : view_(&view) {}

  const KernelView* view_;
  std::uint64_t base_ = 0; // a per-CPU pointer
  bool nothing_ = false;
};

} // namespace

Result<EventCounters> walk_events(const KernelView& view) {
  EventCounters counters;
  auto stats = StructReader::of(view.facts().types, view.memory(), "scx_event_stats");
  if (!stats) {
    return counters; // before 6.15, or without sched_ext
  }
  const EventPlaces places = TRY(EventPlaces::of(view));
  if (places.nothing()) {
    return counters;
  }
  const std::uint32_t cpus = TRY(view.cpus());
  for (const std::string_view event : kEvents) {
    if (!stats->has(event)) {
      continue;
    }
    std::uint64_t total = 0;
    for (std::uint32_t cpu = 0; cpu < cpus; ++cpu) {
      const std::uint64_t at = TRY(places.of_cpu(cpu));
      total += TRY(stats->number(at, event));
    }
    counters.emplace_back(event, total);
  }
  return counters;
}

} // namespace schedrig::kernel_view
