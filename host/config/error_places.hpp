// SPDX-License-Identifier: MIT
// Where errors stand, so that what rests on a wrong value is not judged by it. Thread: any; owned
// values.
#pragma once

#include <set>

#include "host/config/diagnostic.hpp"
#include "host/config/node.hpp"

namespace schedrig::config {

class ErrorPlaces {
 public:
  void add(SourcePos pos) { places_.insert(key_of(pos)); }
  [[nodiscard]] bool at(SourcePos pos) const { return places_.contains(key_of(pos)); }
  // At the value, at one of its keys, or anywhere below.
  [[nodiscard]] bool within(const Node& value) const;

 private:
  std::set<PlaceKey> places_;
};

} // namespace schedrig::config
