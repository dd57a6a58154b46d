// SPDX-License-Identifier: MIT
// Entries of field tables for members of plain types: string_key<&RunConfig::name>("name", ...).
// The kind in the table and the type that is read come from one place, so they cannot disagree.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "host/config/decoder.hpp"
#include "host/config/field.hpp"
#include "host/config/form.hpp"

namespace schedrig::config {

// What an entry says beyond its key and its line of documentation; see FieldInfo.
struct More {
  std::string_view default_value = {};
  Landed landed = Landed::kYes;
  std::string_view needs = {};
  bool required = false;
  std::int64_t minimum = 0;
  std::int64_t maximum = 0;
  FormsOf forms = nullptr;
};
inline constexpr More kRequired{.required = true};

constexpr FieldInfo make_info(std::string_view key, FieldKind kind, std::string_view doc,
                              const More& more) {
  return {.key = key,
          .kind = kind,
          .doc = doc,
          .default_value = more.default_value,
          .landed = more.landed,
          .needs = more.needs,
          .required = more.required,
          .minimum = more.minimum,
          .maximum = more.maximum,
          .forms = more.forms};
}

template <class M> struct MemberOf;
template <class T, class V> struct MemberOf<V T::*> {
  using Owner = T;
  using Value = V;
};
template <auto kMember> using OwnerOf = typename MemberOf<decltype(kMember)>::Owner;

template <class V> struct Plain {
  using Type = V;
};
template <class V> struct Plain<std::optional<V>> {
  using Type = V;
};
template <auto kMember>
using PlainOf = typename Plain<typename MemberOf<decltype(kMember)>::Value>::Type;

// Into a member or an optional one; the same value type on both sides is not required.
template <class Member, class V> void assign(Member& to, V value) {
  to = std::move(value);
}

template <auto kMember>
void read_string(Decoder& decoder, const FieldInfo& info, const Node& value, OwnerOf<kMember>& to) {
  if (const auto text = decoder.string(info, value)) {
    to.*kMember = std::string(*text);
  }
}

// Bounds of the entry, else all that the member holds and TOML can say.
template <auto kMember>
void read_integer(Decoder& decoder, const FieldInfo& info, const Node& value,
                  OwnerOf<kMember>& to) {
  using Number = PlainOf<kMember>;
  static_assert(std::integral<Number>);
  constexpr auto kMost = static_cast<std::int64_t>(std::min<std::uint64_t>(
      static_cast<std::uint64_t>(std::numeric_limits<Number>::max()), INT64_MAX));
  constexpr auto kLeast = static_cast<std::int64_t>(std::numeric_limits<Number>::min());
  const bool bounded = info.minimum != 0 || info.maximum != 0;
  if (const auto number = decoder.integer(info, value, bounded ? info.minimum : kLeast,
                                          bounded ? info.maximum : kMost)) {
    to.*kMember = static_cast<Number>(*number);
  }
}

template <auto kMember>
void read_number(Decoder& decoder, const FieldInfo& info, const Node& value, OwnerOf<kMember>& to) {
  if (const auto number = decoder.number(info, value)) {
    assign(to.*kMember, *number);
  }
}

template <auto kMember>
void read_bool(Decoder& decoder, const FieldInfo& info, const Node& value, OwnerOf<kMember>& to) {
  if (const auto boolean = decoder.boolean(info, value)) {
    assign(to.*kMember, *boolean);
  }
}

template <auto kMember>
void read_duration(Decoder& decoder, const FieldInfo& info, const Node& value,
                   OwnerOf<kMember>& to) {
  if (const auto nanoseconds = decoder.duration(info, value)) {
    assign(to.*kMember, *nanoseconds);
  }
}

template <auto kMember>
void read_size(Decoder& decoder, const FieldInfo& info, const Node& value, OwnerOf<kMember>& to) {
  if (const auto bytes = decoder.size(info, value)) {
    assign(to.*kMember, *bytes);
  }
}

template <auto kMember>
void read_word64(Decoder& decoder, const FieldInfo& info, const Node& value, OwnerOf<kMember>& to) {
  if (const auto word = decoder.word64(info, value)) {
    assign(to.*kMember, *word);
  }
}

template <auto kMember>
void read_strings(Decoder& decoder, const FieldInfo& info, const Node& value,
                  OwnerOf<kMember>& to) {
  if (!decoder.is_list(info.key, value)) {
    return;
  }
  for (const Node& item : value.items) {
    if (item.type == NodeType::kString) {
      (to.*kMember).push_back(item.text);
    } else {
      decoder.wrong_type("each value of " + std::string(info.key), item, FieldKind::kString);
    }
  }
}

template <auto kMember>
constexpr Field<OwnerOf<kMember>> string_key(std::string_view key, std::string_view doc,
                                             More more = {}) {
  return {make_info(key, FieldKind::kString, doc, more), &read_string<kMember>};
}
template <auto kMember>
constexpr Field<OwnerOf<kMember>> integer_key(std::string_view key, std::string_view doc,
                                              More more = {}) {
  return {make_info(key, FieldKind::kInteger, doc, more), &read_integer<kMember>};
}
template <auto kMember>
constexpr Field<OwnerOf<kMember>> number_key(std::string_view key, std::string_view doc,
                                             More more = {}) {
  return {make_info(key, FieldKind::kNumber, doc, more), &read_number<kMember>};
}
template <auto kMember>
constexpr Field<OwnerOf<kMember>> bool_key(std::string_view key, std::string_view doc,
                                           More more = {}) {
  return {make_info(key, FieldKind::kBool, doc, more), &read_bool<kMember>};
}
template <auto kMember>
constexpr Field<OwnerOf<kMember>> duration_key(std::string_view key, std::string_view doc,
                                               More more = {}) {
  return {make_info(key, FieldKind::kDuration, doc, more), &read_duration<kMember>};
}
template <auto kMember>
constexpr Field<OwnerOf<kMember>> size_key(std::string_view key, std::string_view doc,
                                           More more = {}) {
  return {make_info(key, FieldKind::kSize, doc, more), &read_size<kMember>};
}
template <auto kMember>
constexpr Field<OwnerOf<kMember>> word64_key(std::string_view key, std::string_view doc,
                                             More more = {}) {
  more.forms = a_word64;
  return {make_info(key, FieldKind::kInteger, doc, more), &read_word64<kMember>};
}
template <auto kMember>
constexpr Field<OwnerOf<kMember>> strings_key(std::string_view key, std::string_view doc,
                                              More more = {}) {
  more.forms = list_of<a_string>;
  return {make_info(key, FieldKind::kList, doc, more), &read_strings<kMember>};
}

// A member that a function decodes: void read(Decoder&, const FieldInfo&, const Node&, Value&).
template <auto kMember, auto kRead>
constexpr Field<OwnerOf<kMember>> custom_key(std::string_view key, FieldKind kind,
                                             std::string_view doc, More more = {}) {
  return {make_info(key, kind, doc, more),
          [](Decoder& decoder, const FieldInfo& info, const Node& value, OwnerOf<kMember>& to) {
            kRead(decoder, info, value, to.*kMember);
          }};
}

// A key that the data model has no place for yet; where it is accepted, its value is passed over.
template <class T> void read_nothing(Decoder&, const FieldInfo&, const Node&, T&) {}

template <class T>
constexpr Field<T> later_key(std::string_view key, FieldKind kind, std::string_view doc,
                             std::string_view needs) {
  return {make_info(key, kind, doc, {.landed = Landed::kNo, .needs = needs}), &read_nothing<T>};
}

} // namespace schedrig::config
