// SPDX-License-Identifier: MIT
// The events of one phase of an rt-app task as phases of a sequence. Thread: that of its owner.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <schedrig/work.hpp>

#include "host/import/rt_app_names.hpp"
#include "host/import/rt_app_reader.hpp"

namespace schedrig::import {

// What its events have to know of a task.
struct TaskFacts {
  std::string name;
  std::uint32_t index = 0;
  std::uint32_t instances = 1;
};

// Whether a key is an event's: its name, with digits behind it where several must differ.
[[nodiscard]] bool is_event(std::string_view key);
[[nodiscard]] std::vector<std::string_view> event_names();

class BodyReader {
 public:
  BodyReader(Reader& reader, Names& names, const TaskFacts& task, std::vector<WorkPhase>& to)
      : reader_(reader), names_(names), task_(task), to_(to) {}

  void read_event(const json::LocatedMember& event);
  // A phase ends: with every mutex free, as the next round begins with none held.
  void end_body();

 private:
  void read_duration(const json::LocatedMember& event, PhaseKind kind);
  void read_timer(const json::LocatedMember& event);
  void read_lock(const json::LocatedMember& event);
  void read_unlock(const json::LocatedMember& event);
  void read_wait(const json::LocatedMember& event, bool signals_first);
  void read_wake(const json::LocatedMember& event, Shared kind, PhaseKind phase);
  void read_suspend(const json::LocatedMember& event);
  void read_barrier(const json::LocatedMember& event);
  void read_yield(const json::LocatedMember& event);

  Reader& reader_;
  Names& names_;
  const TaskFacts& task_;
  std::vector<WorkPhase>& to_;
  std::map<std::string, std::uint32_t> timers_; // of the task, by name
  std::map<std::string, json::Place> held_;     // mutexes, and where they were locked
};

} // namespace schedrig::import
