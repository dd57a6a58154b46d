// SPDX-License-Identifier: MIT
#include "host/engine/books.hpp"

#include <algorithm>
#include <iterator>

#include "host/text/nearest.hpp"

namespace schedrig::engine {
namespace {

void permit(WorkerGroup& group, const std::vector<std::uint32_t>& cpus) {
  if (cpus.empty()) {
    group.unrestricted = true;
    return;
  }
  std::vector<std::uint32_t> all;
  std::ranges::set_union(group.permitted, cpus, std::back_inserter(all));
  group.permitted = std::move(all);
}

} // namespace

Cgroup* Books::find(std::string_view name) {
  const auto found = std::ranges::find(cgroups_, name, &Cgroup::name);
  return found == cgroups_.end() ? nullptr : &*found;
}

Result<Cgroup*> Books::require(std::string_view name) {
  if (Cgroup* cgroup = find(name)) {
    return cgroup;
  }
  std::vector<std::string_view> names;
  for (const Cgroup& cgroup : cgroups_) {
    names.push_back(cgroup.name);
  }
  return fail(StatusCode::kNotFound, "there is no cgroup \"" + std::string(name) + "\" now",
              names.empty() ? "no cgroup of this run exists at this point; add_cgroup makes one"
                            : text::suggest(name, names));
}

Result<Cgroup*> Books::add(Cgroup cgroup) {
  if (const Cgroup* other = find(cgroup.name)) {
    return fail(StatusCode::kAlreadyExists,
                "the name \"" + cgroup.name + "\" is in use by a cgroup of " + other->scope.name +
                    (other->pos.line == 0 ? "" : " (line " + std::to_string(other->pos.line) + ")"),
                "choose another name, or remove that cgroup first");
  }
  cgroups_.push_back(std::move(cgroup));
  return &cgroups_.back();
}

void Books::remove(std::string_view name) {
  cgroups_.remove_if([&](const Cgroup& cgroup) { return cgroup.name == name; });
}

void Books::set_cpuset(Cgroup& cgroup, const std::vector<std::uint32_t>& cpus) {
  cgroup.cpuset = cpus;
  for (WorkerGroup& group : groups_) {
    if (group.cgroup == cgroup.name) {
      permit(group, cpus);
    }
  }
}

WorkerGroup& Books::add_group(WorkerGroup group) {
  const Cgroup* cgroup = find(group.cgroup);
  permit(group, cgroup == nullptr ? std::vector<std::uint32_t>{} : cgroup->cpuset);
  groups_.push_back(std::move(group));
  return groups_.back();
}

void Books::move_group(WorkerGroup& group, const Cgroup& to, std::int64_t now_ns) {
  group.frozen = frozen_times(group, now_ns);
  group.cgroup = to.name;
  group.joined_ns = now_ns;
  permit(group, to.cpuset);
}

std::vector<Interval> Books::frozen_times(const WorkerGroup& group, std::int64_t now_ns) {
  std::vector<Interval> times = group.frozen;
  const Cgroup* cgroup = find(group.cgroup);
  if (cgroup == nullptr) {
    return times;
  }
  const auto add = [&](std::int64_t start_ns, std::int64_t end_ns) {
    const Interval clipped = {.start_ns = std::max(start_ns, group.joined_ns),
                              .end_ns = std::min(end_ns, now_ns)};
    if (clipped.start_ns < clipped.end_ns) {
      times.push_back(clipped);
    }
  };
  for (const Interval& interval : cgroup->frozen) {
    add(interval.start_ns, interval.end_ns);
  }
  if (cgroup->frozen_since_ns) {
    add(*cgroup->frozen_since_ns, now_ns);
  }
  return times;
}

void Books::remove_group(const WorkerGroup& group) {
  groups_.remove_if([&](const WorkerGroup& other) { return &other == &group; });
}

} // namespace schedrig::engine
