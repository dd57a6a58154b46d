// SPDX-License-Identifier: MIT
// Writes values as JSON text and reads JSON text into values.
//
// The only module that includes nlohmann-json; nothing of it shows here. Thread: any.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <schedrig/result.hpp>

#include "host/json/value.hpp"

namespace schedrig::json {

// One line (a record of JSON lines), without a newline at the end.
[[nodiscard]] std::string to_line(const Value& value);

// Indented by two spaces, with a newline at the end: a document for people and diffs.
[[nodiscard]] std::string to_document(const Value& value);

// Both: the same bytes for the same value. Members in their order; doubles in a short form that
// reads back as the same double; bytes that are no UTF-8 become U+FFFD, so that a guest's console
// cannot make a report unreadable.

struct ParseLimits {
  // A document of 16 MiB is a thousand times our largest report, and takes at most some 400 MiB
  // while it is held.
  std::size_t max_bytes = std::size_t{16} << 20U;
  std::size_t max_depth = 64; // our own documents have six levels
};

// The whole text must be one JSON document (RFC 8259). `name` is what error messages call it.
// Errors: kBadData: syntax and invalid UTF-8 with line and column; a key twice in one object; an
// integer that fits neither int64 nor uint64; a limit.
Result<Value> parse(std::string_view text, std::string_view name, const ParseLimits& limits = {});

} // namespace schedrig::json
