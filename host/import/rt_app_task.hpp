// SPDX-License-Identifier: MIT
// One task of an rt-app file as a worker group. Thread: that of its owner.
#pragma once

#include <cstdint>
#include <optional>

#include <schedrig/work.hpp>

#include "host/import/rt_app_body.hpp"
#include "host/import/rt_app_names.hpp"
#include "host/import/rt_app_reader.hpp"

namespace schedrig::import {

// The scheduling policy that a member names; SCHED_OTHER after an error.
[[nodiscard]] SchedClass read_policy(Reader& reader, const json::LocatedMember& member);

class TaskReader {
 public:
  TaskReader(Reader& reader, Names& names, SchedClass default_policy)
      : reader_(reader), names_(names), default_policy_(default_policy) {}

  // `index`: its number in the file.
  void read(const json::LocatedMember& task, std::uint32_t index, ImportedTask& to);

 private:
  void unknown(const json::LocatedMember& member, std::string_view where);
  void read_key(const json::LocatedMember& member, WorkGroup& to);
  void read_cpus(const json::LocatedMember& member, WorkGroup& to);
  void read_bodies(const json::LocatedMember& task, std::uint32_t index, WorkGroup& to);
  void read_phase(const json::LocatedMember& phase, bool last, BodyReader& body, WorkGroup& to);
  std::optional<std::int64_t> loop(const json::LocatedMember& member);

  Reader& reader_;
  Names& names_;
  SchedClass default_policy_;
  std::int64_t loop_ = -1; // of the task; tutorial.txt: endless by default
};

} // namespace schedrig::import
