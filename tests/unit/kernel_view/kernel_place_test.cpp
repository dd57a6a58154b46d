// SPDX-License-Identifier: MIT
// A kernel found in memory: its banner tells where, its variables how far it was moved, its page
// tables prove both.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/kernel_view/kernel_place.hpp"
#include "tests/unit/kernel_view/fake_ram.hpp"

namespace schedrig::kernel_view {
namespace {

using test::FakeRam;
using testing::HasSubstr;

constexpr std::uint64_t kText = 0xffff'ffff'8100'0000;
constexpr std::uint64_t kMap = 0xffff'ffff'8000'0000;
constexpr std::string_view kBanner = "Linux version 6.18.15 (builder@host) #1 SMP";
constexpr std::uint64_t kStep = 2ULL << 20U;

Symbols symbols() {
  Symbols all;
  all.add(kText, 'T', "_text");
  all.add(kText + 0x10000, 'R', "linux_banner");
  all.add(kText + 0x20000, 'D', "phys_base");
  all.add(kText + 0x20008, 'D', "page_offset_base");
  all.add(kText + 0x30000, 'D', "init_top_pgt");
  all.finish();
  return all;
}

class KernelPlaceOf : public testing::Test {
 protected:
  // A kernel loaded to `physical` and moved by `slide`, with page tables that say so.
  void put_kernel(std::uint64_t physical, std::uint64_t slide, std::uint64_t mapped_to) {
    ram_.put_text(physical + 0x10000, kBanner);
    ram_.put(physical + 0x20000, physical - (kText + slide - kMap)); // phys_base
    ram_.put(physical + 0x20008, std::uint64_t{0xffff'8880'0000'0000});
    const std::uint64_t text = kText + slide;
    const std::uint64_t pgd = physical + 0x30000;
    ram_.put(pgd + ((text >> 39U) & 511U) * 8, (pgd + 0x1000) | 3U);
    ram_.put(pgd + 0x1000 + ((text >> 30U) & 511U) * 8, (pgd + 0x2000) | 3U);
    ram_.put(pgd + 0x2000 + ((text >> 21U) & 511U) * 8, mapped_to | 0x83U);
  }
  Result<KernelPlace> find() { return find_kernel(GuestRam(ram_), symbols(), kBanner); }

  FakeRam ram_;
};

TEST_F(KernelPlaceOf, a_kernel_where_it_was_linked_to) {
  put_kernel(kStep, 0, kStep);
  const auto place = find();
  ASSERT_TRUE(place) << place.error().message;
  EXPECT_EQ(place->physical, kStep);
  EXPECT_EQ(place->slide, 0U);
  EXPECT_EQ(place->direct_map, 0xffff'8880'0000'0000U);
  EXPECT_EQ(place->tables.levels, 4U);
  EXPECT_EQ(place->physical_of(kText + 0x123), kStep + 0x123);
}

TEST_F(KernelPlaceOf, a_moved_kernel_in_memory_above_the_hole) {
  const std::uint64_t physical = FakeRam::kHigh + kStep;
  put_kernel(physical, 37 * kStep, physical);
  const auto place = find();
  ASSERT_TRUE(place) << place.error().message;
  EXPECT_EQ(place->physical, physical);
  EXPECT_EQ(place->slide, 37 * kStep);
}

// The decompressor leaves what it unpacked; nothing maps that.
TEST_F(KernelPlaceOf, a_copy_that_does_not_run_is_passed_over) {
  put_kernel(kStep, 0, 3 * kStep);
  put_kernel(3 * kStep, 5 * kStep, 3 * kStep);
  const auto place = find();
  ASSERT_TRUE(place) << place.error().message;
  EXPECT_EQ(place->physical, 3 * kStep);
  EXPECT_EQ(place->slide, 5 * kStep);
}

TEST_F(KernelPlaceOf, a_kernel_of_another_build_is_not_found) {
  put_kernel(kStep, 0, kStep);
  ram_.put_text(kStep + 0x10000 + kBanner.size() - 8, "#2");
  const auto place = find();
  ASSERT_FALSE(place);
  EXPECT_EQ(place.error().code, StatusCode::kNotFound);
}

TEST_F(KernelPlaceOf, variables_that_contradict_the_page_tables_are_an_error) {
  put_kernel(kStep, 0, 2 * kStep);
  const auto mapped = find();
  ASSERT_FALSE(mapped);
  EXPECT_EQ(mapped.error().code, StatusCode::kBadData);
  EXPECT_THAT(mapped.error().message, HasSubstr("its page tables have _text"));
  put_kernel(kStep, 0, kStep);
  ram_.put(kStep + 0x20000, std::uint64_t{0x1234});
  const auto moved = find();
  ASSERT_FALSE(moved);
  EXPECT_THAT(moved.error().message, HasSubstr("phys_base"));
}

TEST_F(KernelPlaceOf, an_image_without_the_landmarks_cannot_be_looked_for) {
  const auto place = find_kernel(GuestRam(ram_), Symbols(), kBanner);
  ASSERT_FALSE(place);
  EXPECT_EQ(place.error().code, StatusCode::kNotFound);
  EXPECT_THAT(place.error().message, HasSubstr("_text"));
}

} // namespace
} // namespace schedrig::kernel_view
