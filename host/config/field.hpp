// SPDX-License-Identifier: MIT
// Field tables: what keys a table of a config may have, as constant data. One entry drives
// decoding, unknown-key errors and "not supported yet"; `schema` and `explain` read the same
// entries. Thread: any (constants).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace schedrig::config {

class Decoder;
struct Form;
struct FieldInfo;
struct Node;

using KeysOf = std::vector<FieldInfo> (*)();
using FormsOf = std::span<const Form> (*)();

enum class FieldKind : std::uint8_t {
  kString,
  kInteger,
  kNumber, // a float; an integer will do
  kBool,
  kDuration, // a string: "200ms"
  kSize,     // a string: "512MiB"
  kTable,
  kTableList,
  kList,   // of scalars
  kChoice, // written in one of several forms
};

// Whether a release can run what a key says. What has not landed is decoded only where the decoder
// is asked to (DecodeOptions::accept_unlanded), and is an error of its own otherwise.
enum class Landed : bool { kNo = false, kYes = true };

struct FieldInfo {
  std::string_view key;
  FieldKind kind = FieldKind::kString;
  std::string_view doc;           // one line, with the unit and the reason for the default
  std::string_view default_value; // as spelled in a file; empty: none
  Landed landed = Landed::kYes;
  std::string_view needs; // what a key that has not landed waits for
  bool required = false;
  // Inclusive, in the unit of the decoded value (nanoseconds, bytes); both 0: no bounds.
  std::int64_t minimum = 0;
  std::int64_t maximum = 0;
  FormsOf forms = nullptr; // how it may be written where the kind does not say it (form.hpp)
};

// A key of a table that decodes into a T.
template <class T> struct Field {
  FieldInfo info;
  void (*read)(Decoder& decoder, const FieldInfo& info, const Node& value, T& to);
};

// For static_assert over a table: keys are distinct and documented, and say what they wait
// for where they do.
template <class T> consteval bool well_formed(std::span<const Field<T>> fields) {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const FieldInfo& info = fields[i].info;
    const bool waits = info.landed == Landed::kNo;
    if (info.key.empty() || info.doc.empty() || waits == info.needs.empty()) {
      return false;
    }
    for (std::size_t j = 0; j < i; ++j) {
      if (fields[j].info.key == info.key) {
        return false;
      }
    }
  }
  return true;
}

} // namespace schedrig::config
