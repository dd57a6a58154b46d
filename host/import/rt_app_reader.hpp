// SPDX-License-Identifier: MIT
// Checked reads of JSON values; each reports its own error. Knows types and ranges, not what a key
// means. Thread: that of its owner.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/import/rt_app.hpp"
#include "host/json/located.hpp"

namespace schedrig::import {

// rt-app counts in microseconds. An hour, as of the phases of a scenario.
inline constexpr std::int64_t kUsec = 1'000;
inline constexpr std::int64_t kMostUsec = 3'600'000'000;

class Reader {
 public:
  explicit Reader(std::vector<Problem>& to) : to_(to) {}

  void problem(json::Place place, std::string message, std::string help = {});
  [[nodiscard]] std::size_t problems() const noexcept { return count_; }

  // nullopt, and a problem, for another type or a value out of range.
  std::optional<std::int64_t> integer(const json::LocatedMember& member, std::int64_t minimum,
                                      std::int64_t maximum);
  // Not empty.
  std::optional<std::string> name(const json::LocatedMember& member);
  bool is(const json::LocatedMember& member, json::LocatedType type);
  // An object that has each of the `keys` at most once, and no other.
  bool has_only(const json::LocatedMember& object, std::vector<std::string_view> keys);
  void unknown_key(const json::LocatedMember& member, std::string_view where,
                   const std::vector<std::string_view>& keys);
  // A key that counts only once comes a second time.
  void twice(const json::LocatedMember& member);

 private:
  std::vector<Problem>& to_; // the first of them
  std::size_t count_ = 0;
};

} // namespace schedrig::import
