// SPDX-License-Identifier: MIT
#include "host/engine/scx_watchdog.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "host/text/human_duration.hpp"

namespace schedrig::engine {

std::uint64_t ScxWatchdog::jiffies_of(std::int64_t ns) const {
  const auto jiffy = static_cast<std::int64_t>(places_->jiffy_ns);
  return static_cast<std::uint64_t>((ns + jiffy - 1) / jiffy);
}

Result<std::uint64_t> ScxWatchdog::read(std::uint64_t address) {
  return targets_.view().memory().read_object<std::uint64_t>(address);
}

Result<> ScxWatchdog::write(std::uint64_t address, std::uint64_t value) {
  const auto places = TRY(targets_.view().kva({.address = address}, sizeof value));
  if (places.size() != 1) {
    return fail(StatusCode::kBadData, "a variable of the watchdog's crosses into another page");
  }
  std::array<std::uint8_t, sizeof value> bytes{};
  std::memcpy(bytes.data(), &value, bytes.size());
  const MemoryAccess access{
      .kind = MemoryAccessKind::kWrite, .address = places.front().start, .into = {}, .from = bytes};
  std::uint32_t failed = 0;
  return from_status(memory_.access({&access, 1}, &failed));
}

std::vector<std::int64_t> ScxWatchdog::lost_by(std::int64_t guest_ns) {
  // While it stands still the machine's clock does; a kernel's that does not counts that time.
  std::vector<std::int64_t> lost(cpus_, guest_ns - machine_.now_ns());
  for (std::uint32_t cpu = 0; cpu < cpus_; ++cpu) {
    std::int64_t ns = 0;
    if (control_.stolen(cpu, &ns).ok()) {
      lost[cpu] += ns;
    }
  }
  return lost;
}

Result<> ScxWatchdog::on_attach() {
  places_.reset();
  lost_time_ = {};
  auto done = set_up();
  if (!done) {
    places_.reset();
    if (done.error().code == StatusCode::kSchedulerExit) {
      return {}; // which is told as an exit
    }
    return std::unexpected(std::move(done).error().context("set the watchdog's timeout"));
  }
  return {};
}

Result<> ScxWatchdog::set_up() {
  places_ = TRY(kernel_view::watchdog_places(targets_.view()));
  const auto jiffy = static_cast<std::int64_t>(places_->jiffy_ns);
  const std::uint64_t had = TRY(read(places_->timeout));
  written_ = std::min(had, jiffies_of(timeout_ns_));
  asked_ns_ = static_cast<std::int64_t>(written_) * jiffy;
  set_at_ = places_->timeout_name;
  set_from_ns_ = static_cast<std::int64_t>(had) * jiffy;
  if (written_ < had) {
    // Its first look is still as far away as the longer timeout has it; nobody may miss it until
    // then.
    const std::uint64_t first = places_->interval ? TRY(read(*places_->interval)) : had / 2;
    const std::uint64_t now = TRY(read(places_->jiffies));
    TRY(write(places_->timestamp, now + first));
    if (places_->interval) {
      TRY(write(*places_->interval, std::max<std::uint64_t>(written_ / 2, 1)));
    }
    TRY(write(places_->timeout, written_));
  }
  look();
  return {};
}

void ScxWatchdog::look() {
  if (!places_) {
    return;
  }
  const auto jiffies = read(places_->jiffies);
  // From 7.1 on the timeout goes with its scheduler; its place may be another's memory then.
  const auto places = kernel_view::watchdog_places(targets_.view());
  if (!jiffies || !places || places->timeout != places_->timeout) {
    places_.reset();
    return;
  }
  const auto now = static_cast<std::int64_t>(*jiffies * places_->jiffy_ns);
  lost_time_.add(now, lost_by(now));
  // With some more, as the host may take time until the next look; not for the little that it
  // always takes, and not back at once, so that a kernel's memory is seldom written to.
  const std::int64_t some = asked_ns_ / 8;
  const std::int64_t lost = lost_time_.within(asked_ns_);
  const std::int64_t given = lost <= some / 2 ? 0 : lost + some;
  const std::uint64_t wanted = jiffies_of(asked_ns_ + given);
  const bool fits = wanted <= written_ && written_ - wanted <= jiffies_of(some);
  if (!fits && write(places_->timeout, wanted)) {
    written_ = wanted;
    most_given_ns_ = std::max(most_given_ns_, given);
  }
}

void ScxWatchdog::report(RunReport& report) const {
  report.machine.emplace_back("watchdog.timeout", text::human_duration(timeout_ns_));
  if (!set_at_.empty()) {
    report.machine.emplace_back("watchdog.set_at", set_at_);
    report.machine.emplace_back("watchdog.set_from", text::human_duration(set_from_ns_));
    report.machine.emplace_back("watchdog.most_given_back", text::human_duration(most_given_ns_));
  }
}

} // namespace schedrig::engine
