// SPDX-License-Identifier: MIT
#include "host/import/rt_app_body.hpp"

#include <algorithm>
#include <array>

#include "host/text/quote.hpp"

namespace schedrig::import {
namespace {

enum class Event : std::uint8_t {
  kRun,
  kRuntime,
  kSleep,
  kTimer,
  kLock,
  kUnlock,
  kWait,
  kSync,
  kSignal,
  kBroad,
  kSuspend,
  kResume,
  kBarrier,
  kYield,
  kUnsupported,
};

struct EventName {
  std::string_view name;
  Event event;
};
constexpr std::array kEvents = {
    EventName{"run", Event::kRun},          EventName{"runtime", Event::kRuntime},
    EventName{"sleep", Event::kSleep},      EventName{"timer", Event::kTimer},
    EventName{"lock", Event::kLock},        EventName{"unlock", Event::kUnlock},
    EventName{"wait", Event::kWait},        EventName{"sync", Event::kSync},
    EventName{"signal", Event::kSignal},    EventName{"broad", Event::kBroad},
    EventName{"suspend", Event::kSuspend},  EventName{"resume", Event::kResume},
    EventName{"barrier", Event::kBarrier},  EventName{"yield", Event::kYield},
    EventName{"mem", Event::kUnsupported},  EventName{"iorun", Event::kUnsupported},
    EventName{"fork", Event::kUnsupported},
};

std::string_view without_digits(std::string_view key) {
  return key.substr(0, key.find_last_not_of("0123456789") + 1);
}

const json::LocatedMember* find(const json::Located& object, std::string_view key) {
  const auto found = std::ranges::find(object.members, key, &json::LocatedMember::key);
  return found == object.members.end() ? nullptr : &*found;
}

} // namespace

bool is_event(std::string_view key) {
  return std::ranges::find(kEvents, without_digits(key), &EventName::name) != kEvents.end();
}

std::vector<std::string_view> event_names() {
  std::vector<std::string_view> names;
  for (const EventName& each : kEvents) {
    if (each.event != Event::kUnsupported) {
      names.push_back(each.name);
    }
  }
  return names;
}

void BodyReader::read_event(const json::LocatedMember& event) {
  const auto found = std::ranges::find(kEvents, without_digits(event.key), &EventName::name);
  switch (found->event) {
  case Event::kRun:
    return read_duration(event, PhaseKind::kRun);
  case Event::kRuntime:
    return read_duration(event, PhaseKind::kSpin);
  case Event::kSleep:
    return read_duration(event, PhaseKind::kSleep);
  case Event::kTimer:
    return read_timer(event);
  case Event::kLock:
    return read_lock(event);
  case Event::kUnlock:
    return read_unlock(event);
  case Event::kWait:
    return read_wait(event, false);
  case Event::kSync:
    return read_wait(event, true);
  case Event::kSignal:
    return read_wake(event, Shared::kCondition, PhaseKind::kSignal);
  case Event::kBroad:
    return read_wake(event, Shared::kCondition, PhaseKind::kBroadcast);
  case Event::kResume:
    return read_wake(event, Shared::kSuspended, PhaseKind::kBroadcast);
  case Event::kSuspend:
    return read_suspend(event);
  case Event::kBarrier:
    return read_barrier(event);
  case Event::kYield:
    return read_yield(event);
  case Event::kUnsupported:
    reader_.problem(event.key_place, "unsupported event " + text::quote(event.key),
                    "run is the same time without memory and files");
  }
}

void BodyReader::end_body() {
  for (const auto& [mutex, place] : held_) {
    reader_.problem(place, "the mutex " + text::quote(mutex) + " is still held at the phase's end",
                    "unlock it in the same phase");
  }
  held_.clear();
}

// Nothing to do for no time: no phase.
void BodyReader::read_duration(const json::LocatedMember& event, PhaseKind kind) {
  const auto usec = reader_.integer(event, 0, kMostUsec);
  if (usec && *usec > 0) {
    to_.push_back({.kind = kind, .duration_ns = *usec * kUsec});
  }
}

void BodyReader::read_timer(const json::LocatedMember& event) {
  if (!reader_.has_only(event, {"ref", "period", "mode"})) {
    return;
  }
  const json::LocatedMember* ref = find(event.value, "ref");
  const json::LocatedMember* period = find(event.value, "period");
  const json::LocatedMember* mode = find(event.value, "mode");
  if (ref == nullptr || period == nullptr) {
    reader_.problem(event.value.place, text::quote(event.key) + " needs \"ref\" and \"period\"");
    return;
  }
  PhaseKind kind = PhaseKind::kTimer;
  if (mode != nullptr) {
    const auto word = reader_.name(*mode);
    if (word && *word != "relative" && *word != "absolute") {
      reader_.problem(mode->value.place, "unknown mode " + text::quote(*word),
                      "relative, absolute");
    }
    kind = word == "absolute" ? PhaseKind::kAbsoluteTimer : kind;
  }
  const auto name = reader_.name(*ref);
  const auto usec = reader_.integer(*period, 1, kMostUsec);
  if (!name || !usec) {
    return;
  }
  names_.timer(reader_, *name, task_.index, task_.instances, ref->value.place);
  const auto number = static_cast<std::uint32_t>(timers_.size());
  const auto entry = timers_.try_emplace(*name, number).first;
  to_.push_back({.kind = kind, .duration_ns = *usec * kUsec, .number = entry->second});
}

void BodyReader::read_lock(const json::LocatedMember& event) {
  const auto name = reader_.name(event);
  if (!name) {
    return;
  }
  if (!held_.try_emplace(*name, event.key_place).second) {
    reader_.problem(event.value.place, "the mutex " + text::quote(*name) + " is held already",
                    "the task would wait for itself");
  }
  to_.push_back({.kind = PhaseKind::kLock, .number = names_.number(Shared::kMutex, *name)});
}

void BodyReader::read_unlock(const json::LocatedMember& event) {
  const auto name = reader_.name(event);
  if (!name) {
    return;
  }
  if (held_.erase(*name) == 0) {
    reader_.problem(event.value.place, "the mutex " + text::quote(*name) + " is not held here",
                    "lock it before, in the same phase");
  }
  to_.push_back({.kind = PhaseKind::kUnlock, .number = names_.number(Shared::kMutex, *name)});
}

void BodyReader::read_wait(const json::LocatedMember& event, bool signals_first) {
  if (!reader_.has_only(event, {"ref", "mutex"})) {
    return;
  }
  const json::LocatedMember* ref = find(event.value, "ref");
  const json::LocatedMember* mutex = find(event.value, "mutex");
  if (ref == nullptr || mutex == nullptr) {
    reader_.problem(event.value.place, text::quote(event.key) + " needs \"ref\" and \"mutex\"");
    return;
  }
  const auto name = reader_.name(*ref);
  const auto lock = reader_.name(*mutex);
  if (!name || !lock) {
    return;
  }
  if (!held_.contains(*lock)) {
    reader_.problem(mutex->value.place, "the mutex " + text::quote(*lock) + " is not held here",
                    "lock it before, in the same phase");
  }
  const std::uint32_t condition = names_.number(Shared::kCondition, *name);
  names_.waits(Shared::kCondition, *name, task_.instances);
  if (signals_first) {
    to_.push_back({.kind = PhaseKind::kSignal, .number = condition});
  }
  to_.push_back({.kind = PhaseKind::kWaitOn,
                 .number = condition,
                 .count = names_.number(Shared::kMutex, *lock)});
}

void BodyReader::read_wake(const json::LocatedMember& event, Shared kind, PhaseKind phase) {
  const auto name = reader_.name(event);
  if (!name) {
    return;
  }
  names_.wakes(kind, *name, event.value.place);
  to_.push_back({.kind = phase, .number = names_.number(kind, *name)});
}

// An empty name is the task's own.
void BodyReader::read_suspend(const json::LocatedMember& event) {
  if (!reader_.is(event, json::LocatedType::kString)) {
    return;
  }
  const std::string& name = event.value.text.empty() ? task_.name : event.value.text;
  names_.waits(Shared::kSuspended, name, task_.instances);
  to_.push_back({.kind = PhaseKind::kSuspend, .number = names_.number(Shared::kSuspended, name)});
}

void BodyReader::read_barrier(const json::LocatedMember& event) {
  const auto name = reader_.name(event);
  if (!name) {
    return;
  }
  names_.waits(Shared::kBarrier, *name, task_.instances);
  to_.push_back({.kind = PhaseKind::kBarrier, .number = names_.number(Shared::kBarrier, *name)});
}

void BodyReader::read_yield(const json::LocatedMember& event) {
  if (reader_.is(event, json::LocatedType::kString)) {
    to_.push_back({.kind = PhaseKind::kYieldOnce});
  }
}

} // namespace schedrig::import
