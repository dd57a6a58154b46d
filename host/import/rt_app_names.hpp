// SPDX-License-Identifier: MIT
// The names that the tasks of an rt-app file share: mutexes, conditions, what tasks suspend on,
// barriers and timers; and what can be said of them only when the whole file is known. Thread: that
// of its owner.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "host/import/rt_app_reader.hpp"

namespace schedrig::import {

enum class Shared : std::uint8_t { kMutex, kCondition, kSuspended, kBarrier };

class Names {
 public:
  explicit Names(std::uint32_t first) : next_(first) {}

  // The number of the name, at its first use a new one.
  std::uint32_t number(Shared kind, const std::string& name);
  [[nodiscard]] std::uint32_t next() const noexcept { return next_; }

  // `tasks` instances wait for the name, or will wake who does.
  void waits(Shared kind, const std::string& name, std::uint32_t tasks);
  void wakes(Shared kind, const std::string& name, json::Place place);
  // How many instances come to the barrier.
  [[nodiscard]] std::uint32_t users(std::uint32_t barrier) const;
  // A timer of task number `task`.
  void timer(Reader& reader, const std::string& name, std::uint32_t task, std::uint32_t instances,
             json::Place place);

  // Wake-ups that would wake nobody.
  void check(Reader& reader) const;

 private:
  struct Wake {
    std::pair<Shared, std::string> name;
    json::Place place;
  };

  std::uint32_t next_;
  std::map<std::pair<Shared, std::string>, std::uint32_t> numbers_;
  std::map<std::uint32_t, std::uint32_t> waiting_; // instances, by number
  std::vector<Wake> wakes_;
  std::map<std::string, std::uint32_t> timers_; // the first task of each
};

} // namespace schedrig::import
