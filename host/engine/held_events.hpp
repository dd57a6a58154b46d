// SPDX-License-Identifier: MIT
// HeldEvents: what machines that start from templates tell their events to. It outlives them, while
// whom it tells changes from run to run. What comes while nobody is told is held: of a start that
// may fail and be tried in another way, a run wants to hear only if it succeeded. Thread: host.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <schedrig/backend.hpp>

namespace schedrig::engine {

class HeldEvents final : public EventSink {
 public:
  // From now on to `listener`, which is first told what was held.
  void tell(EventSink& listener) {
    listener_ = &listener;
    for (const Held& each : std::exchange(held_, {})) {
      Event event = each.event;
      event.text = each.text;
      listener.on_event(event);
    }
  }
  // Forgets what was held, and holds from now on.
  void hold() {
    listener_ = nullptr;
    held_.clear();
  }

  void on_event(const Event& event) noexcept override {
    if (listener_ != nullptr) {
      listener_->on_event(event);
      return;
    }
    Held& held = held_.emplace_back(event, std::string(event.text));
    held.event.exit = nullptr; // no scheduler before the start is done
  }

 private:
  struct Held {
    Event event;
    std::string text;
  };

  EventSink* listener_ = nullptr;
  std::vector<Held> held_;
};

} // namespace schedrig::engine
