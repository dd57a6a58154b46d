// SPDX-License-Identifier: MIT
// Building values and looking into them.
#include <limits>

#include <gtest/gtest.h>

#include "host/json/text.hpp"
#include "host/json/value.hpp"

namespace schedrig::json {
namespace {

TEST(JsonValue, a_new_value_is_null_and_nothing_else) {
  const Value value;
  EXPECT_TRUE(value.is_null());
  EXPECT_FALSE(value.as_bool());
  EXPECT_FALSE(value.as_int64());
  EXPECT_FALSE(value.as_double());
  EXPECT_EQ(value.as_string(), nullptr);
  EXPECT_EQ(value.as_array(), nullptr);
  EXPECT_EQ(value.find("x"), nullptr);
}

TEST(JsonValue, bool_is_no_integer_and_text_is_no_bool) {
  EXPECT_EQ(Value(true).as_bool(), true);
  EXPECT_FALSE(Value(true).as_int64());
  EXPECT_FALSE(Value("true").as_bool());
  const Value value("true");
  const std::string* text = value.as_string();
  ASSERT_NE(text, nullptr);
  EXPECT_EQ(*text, "true");
}

TEST(JsonValue, integers_are_given_where_they_fit) {
  constexpr auto max64 = std::numeric_limits<std::uint64_t>::max();
  EXPECT_EQ(Value(max64).as_uint64(), max64);
  EXPECT_FALSE(Value(max64).as_int64());
  EXPECT_EQ(Value(-1).as_int64(), -1);
  EXPECT_FALSE(Value(-1).as_uint64());
  EXPECT_EQ(Value(7U).as_int64(), 7);
  EXPECT_EQ(Value(7).as_double(), 7.0);
  EXPECT_FALSE(Value(7.5).as_int64());
}

TEST(JsonValue, setting_a_key_again_replaces_it_in_its_place) {
  Value object = Value::object();
  object.set("a", 1);
  object.set("b", 2);
  object.set("a", 3);
  EXPECT_EQ(to_line(object), R"({"a":3,"b":2})");
  const Value* a = object.find("a");
  ASSERT_NE(a, nullptr);
  EXPECT_EQ(a->as_int64(), 3);
  EXPECT_EQ(object.find("c"), nullptr);
}

TEST(JsonValue, nested_values_are_built_in_place) {
  Value object = Value::object();
  Value& list = object.set("list", Value::array());
  list.push(1);
  list.push("two");
  EXPECT_EQ(object, parse(R"({"list":[1,"two"]})", "test").value());
}

TEST(JsonValue, equality_looks_at_type_value_and_order) {
  Value a = Value::object();
  a.set("x", 1);
  a.set("y", 2);
  Value b = Value::object();
  b.set("y", 2);
  b.set("x", 1);
  EXPECT_NE(a, b);
  EXPECT_EQ(a, Value(a));
  EXPECT_NE(Value(1), Value(1.0));
  EXPECT_EQ(Value(1), Value(1U));
}

} // namespace
} // namespace schedrig::json
