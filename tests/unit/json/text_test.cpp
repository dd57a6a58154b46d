// SPDX-License-Identifier: MIT
// Writing and reading JSON text.
#include <bit>
#include <cmath>
#include <limits>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/json/text.hpp"

namespace schedrig::json {
namespace {

using testing::AllOf;
using testing::HasSubstr;

Value parsed(std::string_view text) {
  Result<Value> value = parse(text, "test");
  EXPECT_TRUE(value) << text << ": " << value.error().message;
  return value ? std::move(value).value() : Value();
}

std::string parse_error(std::string_view text, const ParseLimits& limits = {}) {
  const Result<Value> value = parse(text, "test", limits);
  EXPECT_FALSE(value) << text;
  if (value) {
    return {};
  }
  EXPECT_EQ(value.error().code, StatusCode::kBadData);
  return value.error().message;
}

TEST(JsonText, members_are_written_in_the_order_they_were_set) {
  Value object = Value::object();
  object.set("zebra", 1);
  object.set("apple", Value::array()).push(true);
  object.set("mango", Value());
  EXPECT_EQ(to_line(object), R"({"zebra":1,"apple":[true],"mango":null})");
  EXPECT_EQ(to_document(object), "{\n  \"zebra\": 1,\n  \"apple\": [\n    true\n  ],\n"
                                 "  \"mango\": null\n}\n");
}

TEST(JsonText, integers_are_exact_at_both_ends) {
  EXPECT_EQ(to_line(Value(std::numeric_limits<std::int64_t>::min())), "-9223372036854775808");
  EXPECT_EQ(to_line(Value(std::numeric_limits<std::uint64_t>::max())), "18446744073709551615");
  EXPECT_EQ(to_line(Value(9007199254740993LL)), "9007199254740993"); // 2^53 + 1
  EXPECT_EQ(parsed("9007199254740993").as_int64(), 9007199254740993LL);
  EXPECT_EQ(parsed("18446744073709551615").as_uint64(), 18446744073709551615ULL);
}

TEST(JsonText, doubles_are_short_and_stay_doubles) {
  EXPECT_EQ(to_line(Value(0.1)), "0.1");
  EXPECT_EQ(to_line(Value(1.0)), "1.0");
  EXPECT_EQ(to_line(Value(1e300)), "1e+300");
  EXPECT_EQ(to_line(Value(-0.0)), "-0.0");
  EXPECT_FALSE(parsed("1.0").as_int64());
}

TEST(JsonText, every_double_reads_back_as_itself) {
  std::mt19937_64 random(1); // NOLINT(cert-msc51-cpp): the same numbers every time
  for (int i = 0; i < 100'000; ++i) {
    const auto value = std::bit_cast<double>(random());
    if (std::isfinite(value)) {
      ASSERT_EQ(parsed(to_line(Value(value))).as_double(), value);
    }
  }
}

TEST(JsonText, numbers_that_json_lacks_are_null) {
  EXPECT_EQ(to_line(Value(std::numeric_limits<double>::quiet_NaN())), "null");
  EXPECT_EQ(to_line(Value(std::numeric_limits<double>::infinity())), "null");
}

TEST(JsonText, text_is_escaped_and_bytes_that_are_no_utf8_are_replaced) {
  EXPECT_EQ(to_line(Value("a\"\\\n\x01\x7f")), "\"a\\\"\\\\\\n\\u0001\x7f\"");
  EXPECT_EQ(to_line(Value("caf\xc3\xa9")), "\"caf\xc3\xa9\"");
  EXPECT_EQ(to_line(Value("x\xff\xfey\xc3")), "\"x\xef\xbf\xbd\xef\xbf\xbdy\xef\xbf\xbd\"");
  Value object = Value::object();
  object.set("k\xff", 1);
  EXPECT_EQ(to_line(object), "{\"k\xef\xbf\xbd\":1}");
  EXPECT_EQ(to_line(Value(std::string("a\0b", 3))), R"("a\u0000b")");
}

TEST(JsonText, what_was_written_reads_back_equal) {
  Value object = Value::object();
  object.set("list", Value::array()).push(1U);
  object.set("text", "t\xc3\xa9xt");
  object.set("float", 1.5);
  object.set("none", Value());
  object.set("minus", -5);
  Value& inner = object.set("inner", Value::object());
  inner.set("yes", true);
  const Value back = parsed(to_document(object));
  EXPECT_EQ(back, object);
  EXPECT_EQ(to_document(back), to_document(object));
}

TEST(JsonText, syntax_errors_have_line_and_column) {
  EXPECT_THAT(parse_error("{\n  \"a\": 1,\n  oops\n}"),
              AllOf(HasSubstr("parse test: parse error at line 3, column 3"),
                    testing::Not(HasSubstr("json.exception"))));
}

TEST(JsonText, what_is_no_document_is_an_error) {
  for (const std::string_view text : {"", " ", "{", "[1,]", "1 2", "nul", "\"a", "{\"a\"}", "[}",
                                      "01", "NaN", "\"\x01\"", "\"\\x\"", "// c\n1"}) {
    EXPECT_NE(parse_error(text), "");
  }
  EXPECT_THAT(parse_error("\"\xff\""), HasSubstr("UTF-8"));
  EXPECT_THAT(parse_error(std::string_view("1\0", 2)), HasSubstr("byte 0 at offset 1"));
}

TEST(JsonText, a_key_twice_is_an_error) {
  EXPECT_THAT(parse_error(R"({"a":1,"b":{"c":1,"d":2,"c":3}})"),
              HasSubstr("key \"c\" twice in one object"));
  EXPECT_EQ(to_line(parsed(R"([{"a":1},{"a":2}])")), R"([{"a":1},{"a":2}])");
}

TEST(JsonText, integers_that_do_not_fit_are_errors_and_not_doubles) {
  EXPECT_THAT(parse_error("18446744073709551616"), HasSubstr("does not fit 64 bits"));
  EXPECT_THAT(parse_error("-9223372036854775809"), HasSubstr("does not fit 64 bits"));
}

TEST(JsonText, numbers_out_of_a_doubles_range_are_errors) {
  EXPECT_NE(parse_error("1e999"), "");
}

TEST(JsonText, size_and_depth_are_bounded) {
  EXPECT_THAT(parse_error("[1, 2, 3]", {.max_bytes = 8}), HasSubstr("9 bytes, at most 8"));
  EXPECT_THAT(parse_error("[[[1]]]", {.max_depth = 2}), HasSubstr("deeper than 2 levels"));
  EXPECT_EQ(to_line(parse("[[1]]", "test", {.max_depth = 2}).value()), "[[1]]");
  // A megabyte of brackets, as a hostile file would have it.
  EXPECT_THAT(parse_error(std::string(1U << 20U, '[')), HasSubstr("deeper than 64 levels"));
}

TEST(JsonText, an_object_with_many_keys_is_read_in_no_time) {
  std::string text = "{";
  for (int i = 0; i < 200'000; ++i) {
    text += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":0";
  }
  text += "}";
  const Value value = parsed(text);
  const Object* members = value.as_object();
  ASSERT_NE(members, nullptr);
  EXPECT_EQ(members->size(), 200'000U);
}

TEST(JsonText, random_changes_of_a_document_never_crash_the_parser) {
  Value object = Value::object();
  object.set("list", Value::array()).push(1.25);
  object.set("text", "a\n\xc3\xa9");
  object.set("inner", Value::object()).set("k", -1);
  const std::string good = to_document(object);
  std::mt19937 random(2); // NOLINT(cert-msc51-cpp): the same bytes every time
  std::size_t refused = 0;
  for (int round = 0; round < 50'000; ++round) {
    std::string text = good;
    for (int change = 0; change < 3; ++change) {
      text[random() % text.size()] = static_cast<char>(random());
    }
    refused += parse(text, "test") ? 0U : 1U;
  }
  EXPECT_GT(refused, 40'000U);
}

} // namespace
} // namespace schedrig::json
