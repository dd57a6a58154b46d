// SPDX-License-Identifier: MIT
#include "host/engine/ops_watch.hpp"

#include <algorithm>
#include <utility>

#include "host/text/hex.hpp"

namespace schedrig::engine {
namespace {

constexpr std::uint32_t kFirstSlot = 1;
constexpr std::size_t kMostCallers = 8; // of a capture; what lies deeper is rarely about the write

WatchCondition condition_of(const std::optional<Comparison>& comparison) {
  if (!comparison) {
    return WatchCondition::kAny;
  }
  switch (comparison->op) {
  case CompareOp::kEqual:
    return WatchCondition::kEqual;
  case CompareOp::kNotEqual:
    return WatchCondition::kNotEqual;
  case CompareOp::kLess:
    return WatchCondition::kLess;
  case CompareOp::kLessEqual:
    return WatchCondition::kLessEqual;
  case CompareOp::kGreater:
    return WatchCondition::kGreater;
  case CompareOp::kGreaterEqual:
    return WatchCondition::kGreaterEqual;
  }
  return WatchCondition::kAny;
}

// The lowest that no armed watch has.
Result<std::uint32_t> free_slot(const std::vector<WatchRecord>& watches) {
  std::string holders;
  for (std::uint32_t slot = kFirstSlot; slot < kWatchSlots; ++slot) {
    const auto holder = std::ranges::find_if(
        watches, [&](const WatchRecord& watch) { return watch.armed && watch.slot == slot; });
    if (holder == watches.end()) {
      return slot;
    }
    holders += (holders.empty() ? "" : ", ") + holder->target + " (" + holder->step + ")";
  }
  return fail(StatusCode::kInvalidArgument,
              "the CPU's debug registers watch 3 places already: " + holders,
              "the watches of a step end with it");
}

Result<std::uint64_t> address_of(Session& session, const WatchSnapshot& op) {
  TargetResolver* targets = session.targets();
  if (targets == nullptr) {
    return fail(StatusCode::kUnsupported, "nothing is known of the kernel that the machine runs");
  }
  const std::uint64_t address = TRY(targets->linear_address(op.target, op.len));
  if (address % op.len != 0) {
    return fail(StatusCode::kInvalidArgument,
                to_string(op.target) + " is at " + text::hex_number(address) +
                    ", which is not a multiple of " + std::to_string(op.len),
                "watch fewer bytes, or the aligned word around it by its address");
  }
  return address;
}

class Recorder final : public WatchSink {
 public:
  Recorder(WatchRecord& watch, TargetResolver* targets) : watch_(watch), targets_(targets) {}

  void on_capture(const WatchCapture& capture) noexcept override {
    WatchCaptureRecord& record = watch_.captures.emplace_back();
    record.hit = capture.hit;
    record.at_ns = capture.at_ns;
    record.vcpu = capture.vcpu;
    record.pc = capture.pc;
    record.value = capture.value;
    if (targets_ == nullptr) {
      return;
    }
    record.symbol = targets_->symbol_at(capture.pc);
    for (const std::uint64_t word : capture.stack) {
      std::string caller = targets_->symbol_at(word);
      if (!caller.empty() && record.callers.size() < kMostCallers) {
        record.callers.push_back(std::move(caller));
      }
    }
  }

 private:
  WatchRecord& watch_;
  TargetResolver* targets_;
};

Result<> end_watch(OpContext& context, WatchFacet& facet, WatchRecord& watch) {
  watch.armed = false;
  auto disarmed = from_status(facet.disarm(watch.slot));
  Recorder recorder(watch, context.session.targets());
  WatchCounts counts;
  TRY(from_status(facet.hits(watch.slot, &counts, recorder)));
  watch.hits = counts.hits;
  watch.matches = counts.matches;
  return disarmed;
}

} // namespace

Result<> apply(OpContext& context, const WatchSnapshot& op) {
  if (op.via != WatchVia::kHardware) {
    return fail(StatusCode::kUnsupported, "this release watches by hardware only",
                "leave out via = \"page\"");
  }
  WatchFacet* facet = context.session.watch();
  if (facet == nullptr) {
    return fail(StatusCode::kUnsupported, "the machine's CPUs cannot watch memory");
  }
  WatchRecord watch;
  watch.target = to_string(op.target);
  watch.step = context.scope.name;
  watch.of_backdrop = context.scope.owner == Owner::kBackdrop;
  watch.bytes = op.len;
  watch.slot = TRY(free_slot(context.report.watches));
  watch.address = TRY(address_of(context.session, op));
  WatchSpec spec;
  spec.bytes = op.len;
  spec.address = watch.address;
  spec.condition = condition_of(op.condition);
  spec.value = op.condition ? op.condition->value : 0;
  spec.max_captures = op.max_captures;
  spec.min_interval_ns = op.min_interval_ns;
  if (auto armed = from_status(facet->arm(watch.slot, spec)); !armed) {
    return std::unexpected(std::move(armed).error().context("watch " + watch.target + " at " +
                                                            text::hex_number(watch.address)));
  }
  watch.armed = true;
  context.report.watches.push_back(std::move(watch));
  return {};
}

Result<> end_watches(OpContext& context) {
  WatchFacet* facet = context.session.watch();
  Result<> all;
  for (WatchRecord& watch : context.report.watches) {
    if (!watch.armed || watch.of_backdrop != (context.scope.owner == Owner::kBackdrop)) {
      continue;
    }
    auto ended = end_watch(context, *facet, watch);
    if (!ended && all && !context.session.lost()) {
      all = std::unexpected(std::move(ended).error().context("end the watch of " + watch.target));
    }
  }
  return all;
}

} // namespace schedrig::engine
