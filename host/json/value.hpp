// SPDX-License-Identifier: MIT
// A JSON value to build reports from and to look into what was parsed. Knows no library and no
// file; text.hpp writes and reads it.
//
// Members keep the order in which they were set, so that a document is the same for the same
// calls. Integers are exact (int64 and uint64 have alternatives of their own). Numbers that JSON
// lacks (NaN, infinities) are written as null. Thread: as any value. Ownership: owns everything.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace schedrig::json {

class Value;
struct Member;

using Array = std::vector<Value>;
using Object = std::vector<Member>;

class Value {
 public:
  Value(); // null
  Value(const Value&);
  Value(Value&&) noexcept;
  Value& operator=(const Value&);
  Value& operator=(Value&&) noexcept;
  ~Value();

  explicit Value(std::same_as<bool> auto value) : Value() { assign(value); }
  explicit Value(std::signed_integral auto value) : Value() { assign(std::int64_t{value}); }
  explicit Value(std::unsigned_integral auto value)
    requires(!std::same_as<decltype(value), bool>)
      : Value() {
    assign(std::uint64_t{value});
  }
  explicit Value(double value);
  explicit Value(std::string value);
  explicit Value(std::string_view value);
  explicit Value(const char* value);
  explicit Value(Array elements);
  explicit Value(Object members);

  [[nodiscard]] static Value array();
  [[nodiscard]] static Value object();

  // Adds a member, or replaces the value of the one with this key, in its place; returns the
  // member's value, valid until the next set. Requires an object. Looks at every key: meant for
  // objects of at most some thousands.
  Value& set(std::string_view key, Value value);
  template <class T> Value& set(std::string_view key, T&& value) {
    return set(key, Value(std::forward<T>(value)));
  }

  // Appends an element and returns it, valid until the next push. Requires an array.
  Value& push(Value value);
  template <class T> Value& push(T&& value) { return push(Value(std::forward<T>(value))); }

  [[nodiscard]] bool is_null() const { return std::holds_alternative<std::nullptr_t>(data_); }
  [[nodiscard]] std::optional<bool> as_bool() const;
  // Absent for what is no integer, or one that does not fit.
  [[nodiscard]] std::optional<std::int64_t> as_int64() const;
  [[nodiscard]] std::optional<std::uint64_t> as_uint64() const;
  // Integers, too, as the nearest double.
  [[nodiscard]] std::optional<double> as_double() const;
  // Null when it is something else.
  [[nodiscard]] const std::string* as_string() const { return std::get_if<std::string>(&data_); }
  [[nodiscard]] const Array* as_array() const { return std::get_if<Array>(&data_); }
  [[nodiscard]] const Object* as_object() const { return std::get_if<Object>(&data_); }

  // The member's value; null when this is no object or has no such member.
  [[nodiscard]] const Value* find(std::string_view key) const;

  bool operator==(const Value&) const; // members in the same order

  template <class Visitor> decltype(auto) visit(Visitor&& visitor) const {
    return std::visit(std::forward<Visitor>(visitor), data_);
  }

 private:
  // Out of line, as everything that needs Member to be complete.
  void assign(bool value);
  void assign(std::int64_t value);
  void assign(std::uint64_t value);

  std::variant<std::nullptr_t, bool, std::int64_t, std::uint64_t, double, std::string, Array,
               Object>
      data_; // null unless a constructor says otherwise
};

struct Member {
  std::string key;
  Value value;

  bool operator==(const Member&) const = default;
};

} // namespace schedrig::json
