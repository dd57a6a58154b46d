// SPDX-License-Identifier: MIT
#include "host/json/value.hpp"

#include <algorithm>

namespace schedrig::json {

Value::Value() = default;
Value::Value(const Value&) = default;
Value::Value(Value&&) noexcept = default;
Value& Value::operator=(const Value&) = default;
Value& Value::operator=(Value&&) noexcept = default;
Value::~Value() = default;

Value::Value(double value) : data_(value) {}
Value::Value(std::string value) : data_(std::move(value)) {}
Value::Value(std::string_view value) : data_(std::string(value)) {}
Value::Value(const char* value) : data_(std::string(value)) {}
Value::Value(Array elements) : data_(std::move(elements)) {}
Value::Value(Object members) : data_(std::move(members)) {}

void Value::assign(bool value) {
  data_ = value;
}
void Value::assign(std::int64_t value) {
  data_ = value;
}

// One number has one representation: uint64 holds only what int64 cannot.
void Value::assign(std::uint64_t value) {
  if (std::in_range<std::int64_t>(value)) {
    data_ = static_cast<std::int64_t>(value);
  } else {
    data_ = value;
  }
}

Value Value::array() {
  return Value(Array());
}
Value Value::object() {
  return Value(Object());
}

Value& Value::set(std::string_view key, Value value) {
  auto& members = std::get<Object>(data_);
  const auto found = std::ranges::find(members, key, &Member::key);
  if (found != members.end()) {
    found->value = std::move(value);
    return found->value;
  }
  members.push_back({std::string(key), std::move(value)});
  return members.back().value;
}

Value& Value::push(Value value) {
  auto& elements = std::get<Array>(data_);
  elements.push_back(std::move(value));
  return elements.back();
}

std::optional<bool> Value::as_bool() const {
  const bool* value = std::get_if<bool>(&data_);
  return value != nullptr ? std::optional(*value) : std::nullopt;
}

std::optional<std::int64_t> Value::as_int64() const {
  if (const auto* value = std::get_if<std::int64_t>(&data_)) {
    return *value;
  }
  const auto* value = std::get_if<std::uint64_t>(&data_);
  if (value != nullptr && std::in_range<std::int64_t>(*value)) {
    return static_cast<std::int64_t>(*value);
  }
  return std::nullopt;
}

std::optional<std::uint64_t> Value::as_uint64() const {
  if (const auto* value = std::get_if<std::uint64_t>(&data_)) {
    return *value;
  }
  const auto* value = std::get_if<std::int64_t>(&data_);
  if (value != nullptr && std::in_range<std::uint64_t>(*value)) {
    return static_cast<std::uint64_t>(*value);
  }
  return std::nullopt;
}

std::optional<double> Value::as_double() const {
  if (const auto* value = std::get_if<double>(&data_)) {
    return *value;
  }
  if (const auto* value = std::get_if<std::int64_t>(&data_)) {
    return static_cast<double>(*value);
  }
  if (const auto* value = std::get_if<std::uint64_t>(&data_)) {
    return static_cast<double>(*value);
  }
  return std::nullopt;
}

const Value* Value::find(std::string_view key) const {
  const Object* members = as_object();
  if (members == nullptr) {
    return nullptr;
  }
  const auto found = std::ranges::find(*members, key, &Member::key);
  return found != members->end() ? &found->value : nullptr;
}

bool Value::operator==(const Value& other) const = default;

} // namespace schedrig::json
