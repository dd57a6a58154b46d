// SPDX-License-Identifier: MIT
#include "host/engine/exit_trigger.hpp"

#include <algorithm>
#include <utility>

namespace schedrig::engine {

Result<> ExitTrigger::arm() {
  if (facet_ == nullptr) {
    return fail(StatusCode::kUnsupported, "the machine's CPUs cannot be stopped by a write");
  }
  kind_ = TRY(find_());
  WatchSpec spec;
  spec.bytes = kind_.bytes;
  spec.address = kind_.address;
  spec.condition = WatchCondition::kGreaterEqual;
  spec.value = kind_.first_error;
  spec.max_captures = 1;
  auto armed = from_status(facet_->arm(spec, *this));
  armed_ = armed.has_value();
  return armed ? armed : std::unexpected(std::move(armed).error().context("watch " + kind_.place));
}

void ExitTrigger::disarm() {
  if (std::exchange(armed_, false)) {
    (void)facet_->disarm(); // of a machine that is lost: nothing is left to be watched
  }
}

void ExitTrigger::scheduler_changed(bool attached) {
  disarm();
  read_.reset();
  no_watch_ = "no scheduler was watched";
  if (attached) {
    auto armed = arm();
    no_watch_ = armed ? "" : armed.error().message;
  }
}

void ExitTrigger::on_exit(SchedulerEvent& exit) {
  if (read_) {
    snapshots_.keep_at_exit(exit, *read_);
    read_.reset();
    return;
  }
  snapshots_.take_at_exit(exit);
  // It was armed behind the attachment, and a scheduler may die within it.
  exit.no_watch = no_watch_.empty() ? "it died before the watch was armed" : no_watch_;
}

void ExitTrigger::on_stop(const WatchCapture& capture) noexcept {
  // Memory that was the scheduler's may have become somebody else's.
  if (std::ranges::find(kind_.errors, capture.value) == kind_.errors.end()) {
    no_watch_ = kind_.place + " was overwritten by " + std::to_string(capture.value) +
                ", which is no exit kind";
    return;
  }
  read_ = snapshots_.read_standing(capture.at_ns);
}

void ExitTrigger::on_go_on(std::int64_t frozen_ns) noexcept {
  if (read_) {
    snapshots_.note_window(*read_, "a scheduler's exit", frozen_ns);
  }
}

} // namespace schedrig::engine
