// SPDX-License-Identifier: MIT
// PayloadBooks: which payloads run, under which key, and what became of those that ended. A key is
// a payload's name and the cgroup it was started in ("" is the runner's). Pure data with look-ups;
// thread: host.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <schedrig/result.hpp>
#include <schedrig/scenario.hpp>

#include "host/engine/books.hpp"

namespace schedrig::engine {

struct PayloadHandle {
  const PayloadDef* def = nullptr; // the scenario's
  std::uint32_t facet_payload = 0; // the payloads facet's handle
  std::uint32_t number = 0;        // order of starting in the run
  std::string cgroup;
  Scope scope;
  SourcePos pos; // of the op or definition that started it
  std::int32_t pid = 0;
  std::int64_t start_ns = 0;
  std::vector<std::string> args; // all that it was started with
};

// "payload \"bench\" in cgroup \"base\"".
[[nodiscard]] std::string describe_payload(std::string_view name, std::string_view cgroup);

class PayloadBooks {
 public:
  // Ok when the key is free; else kAlreadyExists names what holds it.
  [[nodiscard]] Result<> require_free(std::string_view name, std::string_view cgroup) const;
  // Requires a free key. The reference is valid until consume().
  PayloadHandle& add(PayloadHandle handle);

  // The copy that an op means. Without a cgroup: the only one of that name, else kInvalidArgument
  // lists where its copies run. kNotFound tells one that has ended from one that was never started.
  [[nodiscard]] Result<PayloadHandle*> require(std::string_view name,
                                               const std::optional<std::string>& cgroup);

  // What runs in `from` is about to be moved to `to`: kAlreadyExists when one of its names is taken
  // there.
  [[nodiscard]] Result<> require_movable(std::string_view from, std::string_view to) const;
  // It has been moved; with an owner, it is that one's from now on.
  void move(std::string_view from, const std::string& to, const std::optional<Scope>& owner);

  // It has ended and is recorded; `how` completes "has ended before, ...".
  void consume(const PayloadHandle& handle, std::string how);

  [[nodiscard]] std::list<PayloadHandle>& live() { return live_; } // in order of starting

 private:
  using Key = std::pair<std::string, std::string>;

  [[nodiscard]] Error not_running(std::string_view name,
                                  const std::optional<std::string>& cgroup) const;
  [[nodiscard]] std::string places_of(std::string_view name) const;

  std::list<PayloadHandle> live_;
  std::map<Key, std::string> ended_; // the last one's `how`
};

} // namespace schedrig::engine
