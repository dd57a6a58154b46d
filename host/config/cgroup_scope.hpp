// SPDX-License-Identifier: MIT
// Which cgroups exist at a point of a scenario, and where each was made: the books of the static
// check, not those of a run. Thread: any.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <schedrig/ops.hpp>

namespace schedrig::config {

enum class Owner : std::uint8_t { kBackdrop, kStep };

struct KnownCgroup {
  Owner owner = Owner::kBackdrop;
  SourcePos made;
};

class CgroupScope {
 public:
  // False when the name is in use.
  bool add(const std::string& name, Owner owner, SourcePos made);
  void remove(const std::string& name, SourcePos at);
  // A step has ended: its own cgroups are gone.
  void end_step();

  [[nodiscard]] const KnownCgroup* find(const std::string& name) const;
  // Where it was removed last, if nothing has made it since.
  [[nodiscard]] const SourcePos* removed(const std::string& name) const;
  [[nodiscard]] std::vector<std::string_view> names() const; // ascending

 private:
  std::unordered_map<std::string, KnownCgroup> live_;
  std::unordered_map<std::string, SourcePos> removed_;
};

} // namespace schedrig::config
