// SPDX-License-Identifier: MIT
#include "host/import/rt_app_names.hpp"

#include "host/text/quote.hpp"

namespace schedrig::import {

std::uint32_t Names::number(Shared kind, const std::string& name) {
  const auto [entry, is_new] = numbers_.try_emplace({kind, name}, next_);
  next_ += is_new ? 1 : 0;
  return entry->second;
}

void Names::waits(Shared kind, const std::string& name, std::uint32_t tasks) {
  waiting_[number(kind, name)] += tasks;
}

void Names::wakes(Shared kind, const std::string& name, json::Place place) {
  wakes_.push_back({{kind, name}, place});
}

std::uint32_t Names::users(std::uint32_t barrier) const {
  const auto found = waiting_.find(barrier);
  return found == waiting_.end() ? 0 : found->second;
}

// rt-app lets tasks share a timer, which then has one period for all of them together.
void Names::timer(Reader& reader, const std::string& name, std::uint32_t task,
                  std::uint32_t instances, json::Place place) {
  if (name.starts_with("unique")) { // tutorial.txt: one for each instance
    return;
  }
  const auto [entry, is_new] = timers_.try_emplace(name, task);
  if (instances > 1 || entry->second != task) {
    reader.problem(place, "several tasks share the timer " + text::quote(name) + ": unsupported",
                   "give each its own: a ref that begins with \"unique\"");
  }
}

void Names::check(Reader& reader) const {
  for (const Wake& wake : wakes_) {
    const auto number = numbers_.find(wake.name);
    if (number == numbers_.end() || !waiting_.contains(number->second)) {
      const bool suspended = wake.name.first == Shared::kSuspended;
      reader.problem(wake.place,
                     std::string(suspended ? "no task suspends on " : "no task waits for ") +
                         text::quote(wake.name.second),
                     "this event would never wake a task");
    }
  }
}

} // namespace schedrig::import
