// SPDX-License-Identifier: MIT
// The page walk: every page size, both depths, and tables that are wrong.
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/kernel_view/page_walk.hpp"
#include "tests/unit/kernel_view/fake_ram.hpp"

namespace schedrig::kernel_view {
namespace {

using test::FakeRam;
using testing::HasSubstr;

constexpr std::uint64_t kPresent = 1;
constexpr std::uint64_t kWritable = 2;
constexpr std::uint64_t kPageSize = 1U << 7U;
constexpr std::uint64_t kNoExecute = 1ULL << 63U;

// Tables at 1, 2, 3, ... pages, the root at page 1; entries as the text of a walk says them.
class PageWalk : public testing::Test {
 protected:
  // Makes the tables of `address` down to `level`, where `entry` stands.
  void map(std::uint64_t address, std::uint32_t levels, std::uint32_t level, std::uint64_t entry) {
    std::uint64_t table = kRoot;
    for (std::uint32_t at = levels; at > level; --at) {
      const std::uint64_t place = slot(table, address, at);
      std::uint64_t next = 0;
      std::memcpy(&next, ram_.at(place, 8), 8);
      if (next == 0) {
        next = (++last_table_ * 4096) | kPresent | kWritable;
        ram_.put(place, next);
      }
      table = next & ~0xfffULL;
    }
    ram_.put(slot(table, address, level), entry);
  }
  static std::uint64_t slot(std::uint64_t table, std::uint64_t address, std::uint32_t level) {
    return table + ((address >> (12 + 9 * (level - 1))) & 0x1ff) * 8;
  }
  Result<Page> look(std::uint64_t address, std::uint32_t levels = 4) {
    return walk(GuestRam(ram_), {.root = kRoot, .levels = levels}, address);
  }

  static constexpr std::uint64_t kRoot = 4096;
  FakeRam ram_;
  std::uint64_t last_table_ = 1;
};

constexpr std::uint64_t kAddress = 0xffff'c900'1234'5678;

TEST_F(PageWalk, finds_pages_of_every_size) {
  map(kAddress, 4, 1, 0x7000 | kPresent | kWritable | kNoExecute);
  const auto small = look(kAddress);
  ASSERT_TRUE(small) << small.error().message;
  EXPECT_EQ(small->physical, 0x7678U);
  EXPECT_EQ(small->bytes, 4096U);
  EXPECT_TRUE(small->writable);
  const std::uint64_t large = kAddress + (1ULL << 30U);
  map(large, 4, 2, 0x1'4020'0000 | kPresent | kPageSize);
  EXPECT_EQ(look(large)->physical, 0x1'4020'0000U + (large & 0x1f'ffff));
  EXPECT_EQ(look(large)->bytes, 2U << 20U);
  EXPECT_FALSE(look(large)->writable);
  const std::uint64_t huge = kAddress + (8ULL << 30U);
  map(huge, 4, 3, 0x1'4000'0000 | kPresent | kPageSize);
  EXPECT_EQ(look(huge)->physical, 0x1'4000'0000U + (huge & 0x3fff'ffff));
  EXPECT_EQ(look(huge)->bytes, 1ULL << 30U);
}

TEST_F(PageWalk, five_levels_reach_addresses_of_57_bits) {
  constexpr std::uint64_t kFar = 0xff11'0000'1234'5678;
  map(kFar, 5, 1, 0x7000 | kPresent);
  EXPECT_EQ(look(kFar, 5)->physical, 0x7678U);
  const auto four = look(kFar, 4);
  ASSERT_FALSE(four);
  EXPECT_EQ(four.error().code, StatusCode::kInvalidArgument);
  EXPECT_THAT(four.error().message, HasSubstr("4 levels"));
  EXPECT_FALSE(look(0x0100'0000'0000'0000, 5));
}

TEST_F(PageWalk, what_is_not_mapped_is_told_with_its_level) {
  const auto nothing = look(kAddress);
  ASSERT_FALSE(nothing);
  EXPECT_EQ(nothing.error().code, StatusCode::kNotFound);
  EXPECT_THAT(nothing.error().message, HasSubstr("its PGD is not present"));
  map(kAddress, 4, 1, 0x7000);
  EXPECT_THAT(look(kAddress).error().message, HasSubstr("its PTE is not present"));
}

TEST_F(PageWalk, tables_outside_ram_are_told) {
  map(kAddress, 4, 3, 0x4000'0000 | kPresent); // in the hole
  EXPECT_THAT(look(kAddress).error().message, HasSubstr("its PMD lies outside RAM"));
}

// A walk is as long as its levels, whatever the entries say.
TEST_F(PageWalk, a_table_that_points_at_itself_ends) {
  map(kAddress, 4, 4, kRoot | kPresent);
  for (std::uint64_t i = 0; i < 512; ++i) {
    ram_.put(kRoot + i * 8, kRoot | kPresent);
  }
  const auto page = look(kAddress);
  ASSERT_TRUE(page);
  EXPECT_EQ(page->physical, kRoot + (kAddress & 0xfff));
  EXPECT_EQ(ram_.reads, 4U);
}

TEST_F(PageWalk, random_tables_give_pages_or_errors) {
  std::mt19937_64 random(11);
  for (int round = 0; round < 200; ++round) {
    for (std::uint64_t at = 0; at < 1U << 20U; at += 8) {
      ram_.put(at, random() & ~((random() % 4 == 0) ? 1ULL : 0ULL) & 0x8000'0000'00ff'ffff);
    }
    for (int i = 0; i < 50; ++i) {
      (void)look(0xffff'8000'0000'0000 | random());
    }
  }
}

TEST_F(PageWalk, bytes_over_a_page_s_end_lie_in_two_places) {
  constexpr std::uint64_t kEnd = 0xffff'c900'0000'2000;
  map(kEnd - 1, 4, 1, 0x9000 | kPresent);
  map(kEnd, 4, 1, 0x5000 | kPresent);
  map(kEnd + 4096, 4, 1, 0x6000 | kPresent);
  const PageTables tables{.root = kRoot, .levels = 4};
  const auto places = places_of(GuestRam(ram_), tables, kEnd - 8, 16);
  ASSERT_TRUE(places) << places.error().message;
  ASSERT_EQ(places->size(), 2U);
  EXPECT_EQ(places->at(0).start, 0x9ff8U);
  EXPECT_EQ(places->at(0).bytes, 8U);
  EXPECT_EQ(places->at(1).start, 0x5000U);
  EXPECT_EQ(places->at(1).bytes, 8U);
  // Neighbours are one place.
  const auto joined = places_of(GuestRam(ram_), tables, kEnd + 4090, 12);
  ASSERT_EQ(joined->size(), 1U);
  EXPECT_EQ(joined->at(0).bytes, 12U);
  EXPECT_FALSE(places_of(GuestRam(ram_), tables, kEnd + 8190, 4)); // the next page is not there
}

TEST_F(PageWalk, an_end_that_wraps_is_refused) {
  const auto places = places_of(GuestRam(ram_), {.root = kRoot, .levels = 4}, ~0ULL - 3, 8);
  ASSERT_FALSE(places);
  EXPECT_EQ(places.error().code, StatusCode::kInvalidArgument);
}

} // namespace
} // namespace schedrig::kernel_view
