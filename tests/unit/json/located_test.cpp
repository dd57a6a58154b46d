// SPDX-License-Identifier: MIT
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "host/json/located.hpp"

namespace schedrig::json {
namespace {

std::string at(Place place) {
  return std::to_string(place.line) + ":" + std::to_string(place.column);
}

Located parsed(std::string_view text) {
  auto value = parse_located(text);
  EXPECT_TRUE(value.has_value()) << at(value.error().place) << ": " << value.error().message;
  return value ? *std::move(value) : Located{};
}

std::string error_of(std::string_view text) {
  const auto value = parse_located(text);
  return value ? "none" : at(value.error().place) + ": " + value.error().message;
}

TEST(LocatedJson, knows_the_place_of_every_key_and_value) {
  const Located root = parsed("{\n  \"a\" : 12,\n  \"b\\\"c\" : [ true, -3.5,\n \"x\\\\\" ],\n"
                              "\t\"d\":{}\n}");
  ASSERT_EQ(root.members.size(), 3U);
  EXPECT_EQ(at(root.place), "1:1");
  EXPECT_EQ(at(root.members[0].key_place), "2:3");
  EXPECT_EQ(at(root.members[0].value.place), "2:9");
  EXPECT_EQ(root.members[0].value.integer, 12);
  EXPECT_EQ(root.members[1].key, "b\"c");
  EXPECT_EQ(at(root.members[1].key_place), "3:3");
  const auto& list = root.members[1].value.elements;
  ASSERT_EQ(list.size(), 3U);
  EXPECT_EQ(at(list[0].place), "3:14");
  EXPECT_EQ(at(list[1].place), "3:20");
  EXPECT_EQ(list[1].real, -3.5);
  EXPECT_EQ(at(list[2].place), "4:2");
  EXPECT_EQ(list[2].text, "x\\");
  EXPECT_EQ(at(root.members[2].value.place), "5:6");
}

TEST(LocatedJson, finds_a_number_at_the_end_of_a_line_and_of_the_text) {
  EXPECT_EQ(at(parsed("{\"a\":1,\n\"b\":27\n}").members[1].value.place), "2:5");
  EXPECT_EQ(at(parsed("  42").place), "1:3");
  EXPECT_EQ(at(parsed("\n\"\"").place), "2:1");
}

TEST(LocatedJson, keeps_keys_that_come_twice_in_file_order) {
  const Located root = parsed(R"({"run":1, "sleep":2, "run":3})");
  ASSERT_EQ(root.members.size(), 3U);
  EXPECT_EQ(root.members[0].value.integer, 1);
  EXPECT_EQ(root.members[2].key, "run");
  EXPECT_EQ(root.members[2].value.integer, 3);
}

TEST(LocatedJson, reads_comments_and_last_commas) {
  const Located root =
      parsed("// one\n{ /* two, \" */ \"a\" : [1, 2, ], // three\n \"b\":\",}\",}");
  ASSERT_EQ(root.members.size(), 2U);
  EXPECT_EQ(root.members[0].value.elements.size(), 2U);
  EXPECT_EQ(root.members[1].value.text, ",}");
  EXPECT_EQ(at(root.members[1].value.place), "3:6");
}

TEST(LocatedJson, says_where_the_syntax_is_wrong) {
  EXPECT_TRUE(error_of("{\n \"a\" 1\n}").starts_with("2:6: syntax error"));
  EXPECT_TRUE(error_of("{\n \"suspend\",\n\"run\":1}").starts_with("2:11: syntax error"));
  EXPECT_TRUE(error_of("[1,,]").starts_with("1:4: syntax error"));
  EXPECT_TRUE(error_of("{,}").starts_with("1:2: syntax error"));
  EXPECT_TRUE(error_of("{ \"a\": 1 } x").starts_with("1:12: syntax error"));
  EXPECT_NE(error_of(""), "none");
  EXPECT_NE(error_of("/* no end"), "none");
  EXPECT_NE(error_of("{\"a\":\"no end"), "none");
  EXPECT_EQ(error_of(std::string_view("[\n\0]", 4)), "2:1: a byte 0");
  EXPECT_EQ(error_of("[ 9223372036854775808 ]"),
            "1:3: the integer 9223372036854775808 is too large");
  EXPECT_EQ(error_of("[ 99999999999999999999 ]"),
            "1:3: the integer 99999999999999999999 is too large");
}

TEST(LocatedJson, holds_its_limits) {
  EXPECT_EQ(error_of(std::string(33, '[')), "1:33: nested deeper than 32 levels");
  const auto large = parse_located("[1, 2]", {.max_bytes = 5, .max_depth = 2});
  ASSERT_FALSE(large.has_value());
  EXPECT_EQ(large.error().message, "6 bytes, at most 5 are read");
}

TEST(LocatedJson, ends_on_any_text_made_of_its_own_characters) {
  std::mt19937 random(7); // NOLINT(bugprone-random-generator-seed): the same texts each time
  const std::string alphabet = "{}[]\",:\\/*-1e.tnu \n";
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    for (auto length = random() % 24; length > 0; --length) {
      text += alphabet[random() % alphabet.size()];
    }
    const auto value = parse_located(text);
    const Place place = value ? value->place : value.error().place;
    EXPECT_GE(place.line, 1U) << text;
    EXPECT_LE(place.line, 25U) << text;
  }
}

} // namespace
} // namespace schedrig::json
