// SPDX-License-Identifier: MIT
// Forms: how a value may be written where its kind alone does not say it (which words, which keys,
// what a list holds). Said beside each reader, for whoever describes the format instead of reading
// it: the JSON Schema, `explain`, the reference; and for merging, which must not mix two
// alternatives. Thread: any (constants).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "host/config/field.hpp"

namespace schedrig::config {

struct WordInfo {
  std::string_view text;
};

// A table that is told apart from others by the value of its key `kind`.
struct KindInfo {
  std::string_view kind;
  std::string_view doc;
  Landed landed = Landed::kYes;
  KeysOf keys = nullptr;
};

using WordsOf = std::vector<WordInfo> (*)();
using KindsOf = std::vector<KindInfo> (*)();

struct Form {
  FieldKind kind = FieldKind::kString;
  std::string_view name = {};    // what documents call it where it stands in several places
  KeysOf keys = nullptr;         // kTable: its keys; without these and kinds: any
  bool one_key = false;          // kTable: exactly one of its keys
  KindsOf kinds = nullptr;       // kTable: its kinds
  WordsOf words = nullptr;       // kString: one of these
  std::string_view pattern = {}; // kString: a regular expression (ECMA 262) for the whole text
  std::string_view noun = {};    // kString: what such a text is called
  FormsOf items = nullptr;       // kList, kTableList: how an item may be written
  std::size_t least_items = 0;
  std::size_t most_items = 0; // 0: any number
  std::int64_t minimum = 0;   // kInteger, kNumber; both 0: the field's
  std::int64_t maximum = 0;
};

// The forms of a field: those that it names, else the one that its kind says.
[[nodiscard]] std::vector<Form> forms_of(const FieldInfo& info);

// How the value of `key` may be written in a table of one of these forms; empty where no form
// knows the key.
[[nodiscard]] std::vector<Form> forms_of_key(std::span<const Form> forms, std::string_view key);
// How an item of a list of one of these forms may be written.
[[nodiscard]] std::vector<Form> forms_of_items(std::span<const Form> forms);

// --- what readers say of themselves --------------------------------------------------------------
template <class T, auto& kFields> std::vector<FieldInfo> keys_of_table() {
  std::vector<FieldInfo> keys;
  for (const Field<T>& field : kFields) {
    keys.push_back(field.info);
  }
  return keys;
}

template <auto& kWords> std::vector<WordInfo> words_of() {
  std::vector<WordInfo> words;
  for (const auto& word : kWords) {
    words.push_back({word.text});
  }
  return words;
}

template <auto& kForms> std::span<const Form> as_forms() {
  return kForms;
}

template <class T, auto& kFields>
inline constexpr Form kTableForm{.kind = FieldKind::kTable, .keys = keys_of_table<T, kFields>};
template <class T, auto& kFields>
inline constexpr Form kOneKeyForm{
    .kind = FieldKind::kTable, .keys = keys_of_table<T, kFields>, .one_key = true};

template <class T, auto& kFields> std::span<const Form> a_table() {
  return {&kTableForm<T, kFields>, 1};
}
template <class T, auto& kFields> std::span<const Form> one_key() {
  return {&kOneKeyForm<T, kFields>, 1};
}
template <auto& kWords> std::span<const Form> one_word() {
  static constexpr Form kForm{.kind = FieldKind::kString, .words = words_of<kWords>};
  return {&kForm, 1};
}
// A list of what `items` says.
template <FormsOf kItems> std::span<const Form> list_of() {
  static constexpr Form kForm{.kind = FieldKind::kList, .items = kItems};
  return {&kForm, 1};
}
std::span<const Form> a_string();
std::span<const Form> an_integer(); // of the field's bounds
std::span<const Form> a_word64();   // an integer >= 0, or a string with one of up to 64 bits
std::span<const Form> a_cpulist();  // "0-3,8", or a list of integers

} // namespace schedrig::config
