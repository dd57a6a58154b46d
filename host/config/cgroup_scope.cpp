// SPDX-License-Identifier: MIT
#include "host/config/cgroup_scope.hpp"

#include <algorithm>

namespace schedrig::config {

bool CgroupScope::add(const std::string& name, Owner owner, SourcePos made) {
  removed_.erase(name);
  return live_.try_emplace(name, KnownCgroup{owner, made}).second;
}

void CgroupScope::remove(const std::string& name, SourcePos at) {
  if (live_.erase(name) > 0) {
    removed_[name] = at;
  }
}

void CgroupScope::end_step() {
  std::erase_if(live_, [](const auto& entry) { return entry.second.owner == Owner::kStep; });
}

const KnownCgroup* CgroupScope::find(const std::string& name) const {
  const auto found = live_.find(name);
  return found == live_.end() ? nullptr : &found->second;
}

const SourcePos* CgroupScope::removed(const std::string& name) const {
  const auto found = removed_.find(name);
  return found == removed_.end() ? nullptr : &found->second;
}

std::vector<std::string_view> CgroupScope::names() const {
  std::vector<std::string_view> names;
  names.reserve(live_.size());
  for (const auto& [name, cgroup] : live_) {
    names.push_back(name);
  }
  std::ranges::sort(names);
  return names;
}

} // namespace schedrig::config
