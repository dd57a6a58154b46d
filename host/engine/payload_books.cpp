// SPDX-License-Identifier: MIT
#include "host/engine/payload_books.hpp"

#include <algorithm>

namespace schedrig::engine {
namespace {

std::string place(std::string_view cgroup) {
  return cgroup.empty() ? "the runner's cgroup" : "cgroup \"" + std::string(cgroup) + "\"";
}

std::string line_of(SourcePos pos) {
  return pos.line == 0 ? "" : " (line " + std::to_string(pos.line) + ")";
}

} // namespace

std::string describe_payload(std::string_view name, std::string_view cgroup) {
  return "payload \"" + std::string(name) + "\" in " + place(cgroup);
}

Result<> PayloadBooks::require_free(std::string_view name, std::string_view cgroup) const {
  const auto other = std::ranges::find_if(live_, [&](const PayloadHandle& handle) {
    return handle.def->name == name && handle.cgroup == cgroup;
  });
  if (other == live_.end()) {
    return {};
  }
  return fail(StatusCode::kAlreadyExists,
              describe_payload(name, cgroup) + " runs already: " + other->scope.name +
                  " started it" + line_of(other->pos) + ", pid " + std::to_string(other->pid),
              "wait for it or kill it first, or run this copy in another cgroup");
}

PayloadHandle& PayloadBooks::add(PayloadHandle handle) {
  live_.push_back(std::move(handle));
  return live_.back();
}

Result<PayloadHandle*> PayloadBooks::require(std::string_view name,
                                             const std::optional<std::string>& cgroup) {
  PayloadHandle* found = nullptr;
  std::uint32_t copies = 0;
  for (PayloadHandle& handle : live_) {
    if (handle.def->name == name && (!cgroup || handle.cgroup == *cgroup)) {
      found = &handle;
      ++copies;
    }
  }
  if (copies == 1) {
    return found;
  }
  if (copies == 0) {
    return std::unexpected(not_running(name, cgroup));
  }
  return fail(StatusCode::kInvalidArgument,
              "payload \"" + std::string(name) + "\" runs in " + std::to_string(copies) +
                  " places: " + places_of(name),
              "say which one is meant with cgroup = \"...\"");
}

Error PayloadBooks::not_running(std::string_view name,
                                const std::optional<std::string>& cgroup) const {
  if (cgroup) {
    const std::string who = describe_payload(name, *cgroup);
    const auto ended = ended_.find(Key(name, *cgroup));
    if (ended != ended_.end()) {
      return {StatusCode::kNotFound, who + " has ended before, " + ended->second,
              "start it again with run_payload", 0};
    }
    const std::string others = places_of(name);
    return {StatusCode::kNotFound, who + " was not started",
            others.empty() ? "start it with run_payload" : "it runs in " + others, 0};
  }
  std::string ended;
  for (const auto& [key, how] : ended_) {
    if (key.first == name) {
      ended += (ended.empty() ? "in " : "; in ") + place(key.second) + " " + how;
    }
  }
  const std::string who = "payload \"" + std::string(name) + "\"";
  if (!ended.empty()) {
    return {StatusCode::kNotFound, who + " has ended before: " + ended,
            "start it again with run_payload", 0};
  }
  return {StatusCode::kNotFound, who + " was not started", "start it with run_payload", 0};
}

std::string PayloadBooks::places_of(std::string_view name) const {
  std::string places;
  for (const PayloadHandle& handle : live_) {
    if (handle.def->name == name) {
      places += (places.empty() ? "" : ", ") + place(handle.cgroup);
    }
  }
  return places;
}

Result<> PayloadBooks::require_movable(std::string_view from, std::string_view to) const {
  for (const PayloadHandle& handle : live_) {
    if (handle.cgroup == from) {
      TRY(require_free(handle.def->name, to));
    }
  }
  return {};
}

void PayloadBooks::move(std::string_view from, const std::string& to,
                        const std::optional<Scope>& owner) {
  for (PayloadHandle& handle : live_) {
    if (handle.cgroup == from) {
      handle.cgroup = to;
      handle.scope = owner.value_or(handle.scope);
    }
  }
}

void PayloadBooks::consume(const PayloadHandle& handle, std::string how) {
  ended_[Key(handle.def->name, handle.cgroup)] = std::move(how);
  live_.remove_if([&](const PayloadHandle& other) { return &other == &handle; });
}

} // namespace schedrig::engine
