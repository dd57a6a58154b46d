// SPDX-License-Identifier: MIT
// Where the values behind a decoded struct stand, and whether they are sound: for checks that need
// more than the file, made although other parts of it have errors. Refers to the document.
// Thread: any.
#pragma once

#include <map>
#include <span>
#include <string_view>

#include "host/config/diagnostic.hpp"
#include "host/config/error_places.hpp"
#include "host/config/node.hpp"

namespace schedrig::config {

class Places {
 public:
  Places(const Node& document, std::span<const Diagnostic> errors);

  // Of the value that `path` ("affinity", "placement.cgroup") leads to from the table that begins
  // at `table`; as far as the path leads, `table` itself where there is no such table.
  [[nodiscard]] SourcePos of(SourcePos table, std::string_view path) const;
  // No error stands at or below the value; true where there is none.
  [[nodiscard]] bool sound(SourcePos table, std::string_view path) const;
  // The same from the top of the document: "run.backend". Where the path breaks off at something
  // that looks like the next key and is none, that is the value's error.
  [[nodiscard]] bool sound(std::string_view path) const;

 private:
  void note(const Node& value);

  const Node& document_;
  ErrorPlaces errors_;
  std::map<PlaceKey, const Node*> tables_;
};

} // namespace schedrig::config
