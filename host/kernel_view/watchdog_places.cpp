// SPDX-License-Identifier: MIT
#include "host/kernel_view/watchdog_places.hpp"

#include "host/kernel_view/struct_reader.hpp"

namespace schedrig::kernel_view {
namespace {

// HZ is from 24 to 1200 (kernel/Kconfig.hz has 100 to 1000).
constexpr std::uint64_t kMinJiffyNs = 800'000;
constexpr std::uint64_t kMaxJiffyNs = 42'000'000;

// The clock source whose tick is a jiffy: nanoseconds are cycles * mult >> shift
// (kernel/time/jiffies.c, struct clocksource).
Result<std::uint64_t> jiffy_ns(const KernelView& view) {
  auto clock = TRY(StructReader::of(view.facts().types, view.memory(), "clocksource"));
  const std::uint64_t at = TRY(view.address_of("clocksource_jiffies"));
  const std::uint64_t mult = TRY(clock.number(at, "mult"));
  const std::uint64_t shift = TRY(clock.number(at, "shift"));
  const std::uint64_t ns = shift < 32 ? mult >> shift : 0;
  if (ns < kMinJiffyNs || ns > kMaxJiffyNs) {
    return fail(StatusCode::kBadData, "clocksource_jiffies says that a jiffy takes " +
                                          std::to_string(ns) + " ns, which no kernel is built for");
  }
  return ns;
}

Result<std::uint64_t> timeout_of_root(const KernelView& view) {
  auto sched = TRY(StructReader::of(view.facts().types, view.memory(), "scx_sched"));
  const std::uint64_t root = TRY(view.address_of("scx_root"));
  const auto attached = TRY(view.memory().read_object<std::uint64_t>(root));
  if (attached == 0) {
    return fail(StatusCode::kSchedulerExit, "no sched_ext scheduler is attached: scx_root is null");
  }
  return sched.address(attached, "watchdog_timeout");
}

} // namespace

Result<WatchdogPlaces> watchdog_places(const KernelView& view) {
  WatchdogPlaces places;
  places.timestamp = TRY(view.address_of("scx_watchdog_timestamp"));
  places.jiffies = TRY(view.address_of("jiffies_64"));
  places.jiffy_ns = TRY(jiffy_ns(view));
  if (const auto timeout = view.address_of("scx_watchdog_timeout")) {
    places.timeout_name = "scx_watchdog_timeout";
    places.timeout = *timeout;
    return places;
  }
  places.timeout_name = "scx_sched.watchdog_timeout";
  places.timeout = TRY(timeout_of_root(view));
  places.interval = TRY(view.address_of("scx_watchdog_interval"));
  return places;
}

} // namespace schedrig::kernel_view
