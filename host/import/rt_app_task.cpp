// SPDX-License-Identifier: MIT
#include "host/import/rt_app_task.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include <schedrig/tasks.hpp>

#include "host/text/quote.hpp"

namespace schedrig::import {
namespace {

using json::Located;
using json::LocatedMember;
using json::LocatedType;

constexpr std::array<std::string_view, 7> kTaskKeys = {"instance", "policy", "priority", "cpus",
                                                       "delay",    "loop",   "phases"};
// Of a machine: ids in an affinity.
constexpr std::int64_t kMostCpu = 4095;

struct Policy {
  std::string_view name;
  SchedClass policy;
};
constexpr std::array kPolicies = {Policy{"SCHED_OTHER", SchedClass::kNormal},
                                  Policy{"SCHED_BATCH", SchedClass::kBatch},
                                  Policy{"SCHED_IDLE", SchedClass::kIdle}};

bool is_task_key(std::string_view key) {
  return std::ranges::find(kTaskKeys, key) != kTaskKeys.end();
}

} // namespace

SchedClass read_policy(Reader& reader, const LocatedMember& member) {
  const auto name = reader.name(member);
  const auto found = std::ranges::find(kPolicies, name.value_or("SCHED_OTHER"), &Policy::name);
  if (found == kPolicies.end()) {
    reader.problem(member.value.place, "unsupported policy " + text::quote(member.value.text),
                   "SCHED_OTHER, SCHED_BATCH, SCHED_IDLE");
    return SchedClass::kNormal;
  }
  return found->policy;
}

void TaskReader::read(const LocatedMember& task, std::uint32_t index, ImportedTask& to) {
  const std::size_t problems = reader_.problems();
  to.name = task.key;
  to.place = task.key_place;
  to.work.type = WorkType::kSequence;
  to.work.workers = 1;
  to.work.policy = default_policy_;
  loop_ = -1;
  std::vector<std::string_view> seen;
  for (const LocatedMember& member : task.value.members) {
    if (is_task_key(member.key)) {
      if (std::ranges::find(seen, member.key) != seen.end()) {
        reader_.twice(member);
      }
      seen.push_back(member.key);
      read_key(member, to.work);
    } else if (member.key.starts_with("dl-")) {
      reader_.problem(member.key_place, "unsupported key " + text::quote(member.key),
                      "SCHED_DEADLINE tasks do not run under a sched_ext policy");
    } else if (!is_event(member.key)) {
      unknown(member, text::quote(task.key));
    }
  }
  read_bodies(task, index, to.work);
  const bool idle = std::ranges::none_of(to.work.phases, [](const WorkPhase& phase) {
    return phase.kind != PhaseKind::kDelay && phase.kind != PhaseKind::kEnd;
  });
  if (idle && reader_.problems() == problems) {
    reader_.problem(task.key_place, "the task " + text::quote(task.key) + " does nothing",
                    "an event with a time above 0");
  }
}

void TaskReader::unknown(const LocatedMember& member, std::string_view where) {
  std::vector<std::string_view> keys = event_names();
  keys.insert(keys.end(), kTaskKeys.begin(), kTaskKeys.end());
  reader_.unknown_key(member, where, keys);
}

void TaskReader::read_key(const LocatedMember& member, WorkGroup& to) {
  if (member.key == "instance") {
    if (const auto count = reader_.integer(member, 1, kMaxWorkersPerGroup)) {
      to.workers = static_cast<std::uint32_t>(*count);
    }
  } else if (member.key == "policy") {
    to.policy = read_policy(reader_, member);
  } else if (member.key == "priority") { // of these policies: the nice level
    if (const auto nice = reader_.integer(member, -20, 19)) {
      to.nice = static_cast<std::int32_t>(*nice);
    }
  } else if (member.key == "cpus") {
    read_cpus(member, to);
  } else if (member.key == "delay") {
    const auto usec = reader_.integer(member, 0, kMostUsec);
    if (usec && *usec > 0) {
      to.phases.push_back({.kind = PhaseKind::kDelay, .duration_ns = *usec * kUsec});
    }
  } else if (member.key == "loop") {
    loop_ = loop(member).value_or(loop_);
  }
}

std::optional<std::int64_t> TaskReader::loop(const LocatedMember& member) {
  const auto count = reader_.integer(member, -1, INT32_MAX);
  if (count && *count == 0) {
    reader_.problem(member.value.place, "a loop of 0 rounds", "1 or more, or -1: endlessly");
    return std::nullopt;
  }
  return count;
}

void TaskReader::read_cpus(const LocatedMember& member, WorkGroup& to) {
  if (!reader_.is(member, LocatedType::kArray)) {
    return;
  }
  std::set<std::uint32_t> cpus;
  for (const Located& element : member.value.elements) {
    const LocatedMember cpu = {.key = "cpus", .key_place = element.place, .value = element};
    if (const auto number = reader_.integer(cpu, 0, kMostCpu)) {
      cpus.insert(static_cast<std::uint32_t>(*number));
    }
  }
  if (cpus.empty()) {
    reader_.problem(member.value.place, "no CPUs to run on", "leave \"cpus\" out for all");
  }
  to.affinity = ExactAffinity{{cpus.begin(), cpus.end()}};
}

void TaskReader::read_bodies(const LocatedMember& task, std::uint32_t index, WorkGroup& to) {
  const TaskFacts facts = {.name = task.key, .index = index, .instances = to.workers.value_or(1)};
  BodyReader body(reader_, names_, facts, to.phases);
  const auto phases = std::ranges::find(task.value.members, "phases", &LocatedMember::key);
  for (const LocatedMember& member : task.value.members) {
    if (!is_event(member.key)) {
      continue;
    }
    if (phases != task.value.members.end()) {
      reader_.problem(member.key_place, text::quote(member.key) + " stands beside \"phases\"",
                      "put it into one of the phases");
    } else {
      body.read_event(member);
    }
  }
  body.end_body();
  if (phases != task.value.members.end() && reader_.is(*phases, LocatedType::kObject)) {
    for (const LocatedMember& phase : phases->value.members) {
      read_phase(phase, &phase == &phases->value.members.back(), body, to);
    }
  }
  if (loop_ > 0) {
    to.phases.push_back({.kind = PhaseKind::kEnd, .count = static_cast<std::uint32_t>(loop_)});
  }
  if (to.phases.size() > kMaxPhases) {
    reader_.problem(task.key_place,
                    "the task " + text::quote(task.key) + " has " +
                        std::to_string(to.phases.size()) + " events",
                    "at most " + std::to_string(kMaxPhases) + ", with one for each loop");
  }
}

void TaskReader::read_phase(const LocatedMember& phase, bool last, BodyReader& body,
                            WorkGroup& to) {
  if (!reader_.is(phase, LocatedType::kObject)) {
    return;
  }
  const auto first = static_cast<std::uint32_t>(to.phases.size());
  std::int64_t rounds = 1;
  bool looped = false;
  for (const LocatedMember& member : phase.value.members) {
    if (member.key == "loop") {
      if (std::exchange(looped, true)) {
        reader_.twice(member);
      }
      rounds = loop(member).value_or(1);
      if (rounds < 0 && !last) {
        reader_.problem(member.value.place, "an endless phase before another one",
                        "the phases behind it would never be reached");
      }
    } else if (member.key == "cpus") {
      reader_.problem(member.key_place, "unsupported: \"cpus\" of a phase",
                      "give the task its CPUs");
    } else if (is_task_key(member.key)) {
      reader_.problem(member.key_place, text::quote(member.key) + " is misplaced in a phase",
                      "it belongs to the task");
    } else if (is_event(member.key)) {
      body.read_event(member);
    } else {
      unknown(member, "the phase " + text::quote(phase.key));
    }
  }
  body.end_body();
  if (rounds != 1 && to.phases.size() > first) {
    to.phases.push_back({.kind = PhaseKind::kRepeat,
                         .number = first,
                         .count = static_cast<std::uint32_t>(std::max<std::int64_t>(rounds, 0))});
  }
}

} // namespace schedrig::import
