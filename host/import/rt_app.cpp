// SPDX-License-Identifier: MIT
// The outer objects of an rt-app file: global and tasks.
#include "host/import/rt_app.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "host/import/rt_app_task.hpp"
#include "host/text/quote.hpp"

namespace schedrig::import {
namespace {

using json::Located;
using json::LocatedMember;
using json::LocatedType;

// Keys of global without effect here: they say what rt-app logs and how it finds out how fast the
// CPU is. "frag" is of older versions, and still in Debian's examples.
constexpr std::array<std::string_view, 12> kNoEffect = {
    "calibration", "lock_pages", "logdir",    "log_basename",    "log_size",         "ftrace",
    "gnuplot",     "frag",       "io_device", "mem_buffer_size", "cumulative_slack", "pi_enabled"};
class FileReader {
 public:
  FileReader(RtApp& to, std::uint32_t first_resource)
      : to_(to), reader_(to.problems), names_(first_resource) {}

  void read(const Located& root) {
    if (root.type != LocatedType::kObject) {
      reader_.problem(root.place, "an rt-app file is one object, not " +
                                      std::string(json::describe(root.type)));
      return;
    }
    const LocatedMember* global = nullptr;
    const LocatedMember* tasks = nullptr;
    const LocatedMember* resources = nullptr; // of older versions: read by nobody
    for (const LocatedMember& member : root.members) {
      const LocatedMember** place = member.key == "global"      ? &global
                                    : member.key == "tasks"     ? &tasks
                                    : member.key == "resources" ? &resources
                                                                : nullptr;
      if (place == nullptr) {
        reader_.unknown_key(member, "an rt-app file", {"global", "tasks", "resources"});
      } else if (std::exchange(*place, &member) != nullptr) {
        reader_.twice(member);
      }
    }
    if (global != nullptr) { // first: its policy is that of the tasks
      read_global(*global);
    }
    if (tasks != nullptr) {
      read_tasks(*tasks);
    } else {
      reader_.problem(root.place, "there is no \"tasks\": nothing would be run");
    }
  }

 private:
  void read_global(const LocatedMember& global) {
    std::vector<std::string_view> keys(kNoEffect.begin(), kNoEffect.end());
    keys.insert(keys.end(), {"duration", "default_policy"});
    if (!reader_.has_only(global, keys)) {
      return;
    }
    for (const LocatedMember& member : global.value.members) {
      if (member.key == "duration") {
        constexpr std::int64_t kYear = 31'536'000;
        const auto seconds = reader_.integer(member, -1, kYear);
        if (seconds && *seconds > 0) {
          to_.duration_ns = *seconds * 1'000'000'000;
        }
      } else if (member.key == "default_policy") {
        default_policy_ = read_policy(reader_, member);
      } else if (member.key == "pi_enabled" && reader_.is(member, LocatedType::kBool) &&
                 member.value.boolean) {
        reader_.problem(member.value.place, "priority inheritance is unsupported",
                        "leave pi_enabled out");
      }
    }
  }

  void read_tasks(const LocatedMember& tasks) {
    if (!reader_.is(tasks, LocatedType::kObject)) {
      return;
    }
    if (tasks.value.members.empty()) {
      reader_.problem(tasks.value.place, "there are no tasks");
    }
    std::set<std::string_view> names;
    TaskReader reader(reader_, names_, default_policy_);
    for (const LocatedMember& task : tasks.value.members) {
      if (!names.insert(task.key).second) {
        reader_.problem(task.key_place, "there is another task " + text::quote(task.key),
                        "choose another name; \"instance\" says how many there are of a task");
      }
      if (reader_.is(task, LocatedType::kObject)) {
        const auto index = static_cast<std::uint32_t>(to_.tasks.size());
        reader.read(task, index, to_.tasks.emplace_back());
      }
    }
    names_.check(reader_);
    for (ImportedTask& task : to_.tasks) {
      for (WorkPhase& phase : task.work.phases) {
        if (phase.kind == PhaseKind::kBarrier) {
          phase.count = names_.users(phase.number);
        }
      }
    }
    to_.next_resource = names_.next();
    if (names_.next() > kMaxWorkResources) {
      reader_.problem(tasks.key_place, "more than " + std::to_string(kMaxWorkResources) +
                                           " mutexes, conditions and barriers");
    }
  }

  RtApp& to_;
  Reader reader_;
  Names names_;
  SchedClass default_policy_ = SchedClass::kNormal;
};

} // namespace

RtApp import_rt_app(std::string_view text, std::uint32_t first_resource) {
  RtApp result;
  result.next_resource = first_resource;
  const auto root = json::parse_located(text);
  if (!root) {
    const bool no_value = root.error().message.ends_with("expected ':'");
    result.problems.push_back({root.error().place, root.error().message,
                               no_value ? "a key needs a value: \"suspend\" : \"\"" : ""});
    return result;
  }
  FileReader(result, first_resource).read(*root);
  std::ranges::stable_sort(result.problems, {}, [](const Problem& problem) {
    return std::pair(problem.place.line, problem.place.column);
  });
  return result;
}

} // namespace schedrig::import
