// SPDX-License-Identifier: MIT
#include <cstdint>
#include <limits>
#include <string>

#include <gtest/gtest.h>

#include "host/text/duration.hpp"
#include "host/text/size.hpp"

namespace schedrig::text {
namespace {

TEST(Duration, reads_every_unit) {
  EXPECT_EQ(parse_duration("7ns"), 7);
  EXPECT_EQ(parse_duration("7us"), 7'000);
  EXPECT_EQ(parse_duration("200ms"), 200'000'000);
  EXPECT_EQ(parse_duration("2s"), 2'000'000'000);
  EXPECT_EQ(parse_duration("3min"), 180'000'000'000);
  EXPECT_EQ(parse_duration("1h"), 3'600'000'000'000);
  EXPECT_EQ(parse_duration("0s"), 0);
}

TEST(Duration, refuses_what_is_none_and_says_why) {
  const auto message = [](std::string_view text) {
    const auto result = parse_duration(text);
    return result ? "accepted as " + std::to_string(*result) : result.error().message;
  };
  EXPECT_EQ(message("5"), "duration \"5\" has no unit");
  EXPECT_EQ(message(""), "\"\" is not a duration");
  EXPECT_EQ(message("ms"), "\"ms\" is not a duration");
  EXPECT_EQ(message("-5ms"), "\"-5ms\" is not a duration");
  EXPECT_EQ(message("+5ms"), "\"+5ms\" is not a duration");
  EXPECT_EQ(message("5 ms"), "duration \"5 ms\" has the unknown unit \" ms\"");
  EXPECT_EQ(message("5m"), "duration \"5m\" has the unknown unit \"m\"");
  EXPECT_EQ(message("1.5s"), "duration \"1.5s\" has the unknown unit \".5s\"");
  EXPECT_EQ(message("5ms "), "duration \"5ms \" has the unknown unit \"ms \"");
}

TEST(Duration, ends_at_the_largest_signed_nanosecond) {
  EXPECT_EQ(parse_duration("9223372036854775807ns"), std::numeric_limits<std::int64_t>::max());
  EXPECT_FALSE(parse_duration("9223372036854775808ns"));
  EXPECT_FALSE(parse_duration("99999999999999999999s"));
  EXPECT_TRUE(parse_duration("2562047h"));
  EXPECT_FALSE(parse_duration("2562048h"));
}

TEST(Duration, formats_to_what_it_reads_back) {
  EXPECT_EQ(format_duration(0), "0s");
  EXPECT_EQ(format_duration(1'500'000'000), "1500ms");
  EXPECT_EQ(format_duration(7'200'000'000'000), "2h");
  const std::int64_t values[] = {1, 999, 1'000, 60'000'000'000,
                                 std::numeric_limits<std::int64_t>::max()};
  for (const std::int64_t value : values) {
    EXPECT_EQ(parse_duration(format_duration(value)), value);
  }
}

TEST(Size, reads_every_unit) {
  EXPECT_EQ(parse_size("7B"), 7U);
  EXPECT_EQ(parse_size("4KiB"), 4096U);
  EXPECT_EQ(parse_size("512MiB"), 512ULL << 20U);
  EXPECT_EQ(parse_size("2GiB"), 2ULL << 30U);
  EXPECT_EQ(parse_size("1TiB"), 1ULL << 40U);
}

TEST(Size, refuses_decimal_units_missing_units_and_overflow) {
  EXPECT_EQ(parse_size("512MB").error().message, "size \"512MB\" has the unknown unit \"MB\"");
  EXPECT_EQ(parse_size("512").error().message, "size \"512\" has no unit");
  EXPECT_EQ(parse_size("big").error().message, "\"big\" is not a size");
  EXPECT_TRUE(parse_size("8388607TiB"));
  EXPECT_EQ(parse_size("8388608TiB").error().message, "size \"8388608TiB\" is too large");
  EXPECT_TRUE(parse_size("9223372036854775807B"));
  EXPECT_FALSE(parse_size("9223372036854775808B"));
}

TEST(Size, formats_to_what_it_reads_back) {
  EXPECT_EQ(format_size(0), "0B");
  EXPECT_EQ(format_size(1ULL << 20U), "1MiB");
  EXPECT_EQ(format_size(1000), "1000B");
  EXPECT_EQ(format_size(1536), "1536B");
}

} // namespace
} // namespace schedrig::text
