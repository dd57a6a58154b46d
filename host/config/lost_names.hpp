// SPDX-License-Identifier: MIT
// Names that errors may have hidden: what a broken definition or op was to make or to remove. Who
// refers to one of them is not blamed. Thread: any; owned values.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "host/config/node.hpp"

namespace schedrig::config {

class LostNames {
 public:
  // `table` should have named something by `key` and did not: the value there, else every string
  // of the table, may be the name. Without any string nothing is known of the name.
  void lose(const Node& table, std::string_view key);
  // Nobody knows what `value` is: each of its strings may be a name.
  void lose_all(const Node& value) { collect(value); }

  [[nodiscard]] bool may_have_been_made(std::string_view name) const;
  [[nodiscard]] bool may_have_been_removed(std::string_view name) const;

 private:
  // Strings behind a key `cgroup` refer to what exists: their ops may remove it, none makes it.
  bool collect(const Node& value, bool referred_to = false);

  std::set<std::string, std::less<>> made_;
  std::set<std::string, std::less<>> referred_to_;
  bool any_ = false; // a name of which nothing is known
};

} // namespace schedrig::config
