// SPDX-License-Identifier: MIT
// The cursor that turns a document tree into the structs of the data model: checks types, ranges
// and keys against field tables, and goes on after an error so that a file's errors all come at
// once. Knows the field tables' form, not what any key means.
//
// Every read reports its own error and then leaves the target as it was (its default). One Decoder
// a document; thread: that of its owner.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <schedrig/result.hpp>
#include <schedrig/topology.hpp>

#include "host/config/diagnostic.hpp"
#include "host/config/error_places.hpp"
#include "host/config/field.hpp"
#include "host/config/lost_names.hpp"
#include "host/config/node.hpp"

namespace schedrig::config {

// The shape of the machine that schedrig runs on.
using HostTopology = Result<Topology> (*)();

struct DecodeOptions {
  bool accept_unlanded = false;         // decode what no engine runs yet instead of refusing it
  HostTopology host_topology = nullptr; // null: there is none to be had
};

// A word that a string value may be, and what it stands for.
template <class E> struct Word {
  std::string_view text;
  E value;
};

class Decoder {
 public:
  Decoder(Diagnostics& to, DecodeOptions options) : to_(to), options_(options) {}

  void error(SourcePos pos, std::string message, std::string help = {});
  [[nodiscard]] std::size_t errors() const noexcept { return errors_; }
  // No error stands at the value or below it; true for null, a key that is not there.
  [[nodiscard]] bool sound(const Node* value) const {
    return value == nullptr || !places_.within(*value);
  }

  // --- scalars: the value, or nullopt and an error --------------------------------------------
  [[nodiscard]] std::optional<std::string_view> string(const FieldInfo& info, const Node& value);
  [[nodiscard]] std::optional<std::int64_t> integer(const FieldInfo& info, const Node& value,
                                                    std::int64_t minimum, std::int64_t maximum);
  // A finite number within the bounds, both inclusive.
  [[nodiscard]] std::optional<double> number(const FieldInfo& info, const Node& value);
  [[nodiscard]] std::optional<bool> boolean(const FieldInfo& info, const Node& value);
  [[nodiscard]] std::optional<std::int64_t> duration(const FieldInfo& info, const Node& value);
  [[nodiscard]] std::optional<std::uint64_t> size(const FieldInfo& info, const Node& value);
  // Any value of 64 bits: an integer >= 0, or a string of digits with or without 0x (TOML's
  // integers end at 2^63-1, kernel addresses do not).
  [[nodiscard]] std::optional<std::uint64_t> word64(const FieldInfo& info, const Node& value);

  template <class E>
  [[nodiscard]] std::optional<E> word(const FieldInfo& info, const Node& value,
                                      std::span<const Word<E>> words) {
    const auto text = string(info, value);
    if (!text) {
      return std::nullopt;
    }
    const auto found = std::ranges::find(words, *text, &Word<E>::text);
    if (found == words.end()) {
      std::vector<std::string_view> names;
      std::ranges::transform(words, std::back_inserter(names), &Word<E>::text);
      unknown_word(info, value, names);
      return std::nullopt;
    }
    return found->value;
  }

  // --- structure --------------------------------------------------------------------------------
  // `what` names the value in messages: "memory", "a cgroup".
  [[nodiscard]] bool is_table(std::string_view what, const Node& value);
  [[nodiscard]] bool is_list(std::string_view what, const Node& value);
  void wrong_type(std::string_view what, const Node& value, FieldKind wanted);
  void unknown_key(const Member& member, std::string_view where,
                   std::span<const std::string_view> keys);
  void unknown_word(const FieldInfo& info, const Node& value,
                    std::span<const std::string_view> words);
  // Not said of a key that an unknown one of the table was meant to be.
  void missing_key(const Node& table, std::string_view where, const FieldInfo& info,
                   std::span<const std::string_view> keys);
  // `key` is not in the table, but one that none of `keys` is, and it looks alike.
  [[nodiscard]] bool misspelt(const Node& table, std::string_view key,
                              std::span<const std::string_view> keys) const;
  [[nodiscard]] HostTopology host_topology() const noexcept { return options_.host_topology; }
  // True when it may be decoded; else "not supported yet" at `pos`, with what it needs.
  [[nodiscard]] bool check_landed(const FieldInfo& info, SourcePos pos);

  // --- what later checks need to know -----------------------------------------------------------
  [[nodiscard]] LostNames& lost() noexcept { return lost_; }
  // Tables of the data model that carry a position: the way back from a decoded struct to the
  // places of its keys. The tree must outlive the Decoder.
  void remember(const Node& table);
  [[nodiscard]] const Node* recall(SourcePos pos) const;

 private:
  Diagnostics& to_;
  DecodeOptions options_;
  std::size_t errors_ = 0;
  ErrorPlaces places_;
  LostNames lost_;
  std::map<PlaceKey, const Node*> tables_;
};

template <class T> std::vector<std::string_view> keys_of(std::span<const Field<T>> fields) {
  std::vector<std::string_view> keys;
  for (const Field<T>& field : fields) {
    keys.push_back(field.info.key);
  }
  return keys;
}

// Decodes one key; false when the table has no such field.
template <class T>
bool decode_member(Decoder& decoder, const Member& member, std::span<const Field<T>> fields,
                   T& to) {
  for (const Field<T>& field : fields) {
    if (field.info.key != member.key) {
      continue;
    }
    if (decoder.check_landed(field.info, member.key_pos)) {
      field.read(decoder, field.info, member.value, to);
    }
    return true;
  }
  return false;
}

// Decodes a table by its field table: every key in file order, then what is missing. `also` is a
// key that the caller has read itself.
template <class T>
void decode_table(Decoder& decoder, const Node& table, std::string_view where,
                  std::span<const Field<T>> fields, T& to, std::string_view also = {}) {
  if (!decoder.is_table(where, table)) {
    return;
  }
  for (const Member& member : table.members) {
    if (member.key != also && !decode_member(decoder, member, fields, to)) {
      decoder.unknown_key(member, where, keys_of(fields));
    }
  }
  for (const Field<T>& field : fields) {
    if (field.info.required && table.find(field.info.key) == nullptr) {
      decoder.missing_key(table, where, field.info, keys_of(fields));
    }
  }
}

// Decodes a table that stands for one of several alternatives: exactly one key.
template <class T>
void decode_choice(Decoder& decoder, const Node& table, std::string_view what,
                   std::span<const Field<T>> alternatives, T& to) {
  if (!decoder.is_table(what, table)) {
    return;
  }
  std::string list;
  for (const Field<T>& field : alternatives) {
    list += (list.empty() ? "" : ", ") + std::string(field.info.key);
  }
  if (table.members.size() != 1) {
    decoder.error(table.pos,
                  std::string(what) + " needs exactly one key, not " +
                      std::to_string(table.members.size()),
                  "one of: " + list);
    return;
  }
  if (!decode_member(decoder, table.members.front(), alternatives, to)) {
    decoder.unknown_key(table.members.front(), what, keys_of(alternatives));
  }
}

} // namespace schedrig::config
