// SPDX-License-Identifier: MIT
// Guest memory as an image and as copies of it.
#include <cstring>

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vmm/guest_memory.hpp"

namespace schedrig::kvm {
namespace {

constexpr std::uint64_t kBytes = 8ULL << 20;

GuestMemory memory() {
  auto made = GuestMemory::create(kBytes, true);
  EXPECT_TRUE(made.has_value());
  return *std::move(made);
}

void put(const GuestMemory& memory, Gpa gpa, std::uint64_t value) {
  ASSERT_TRUE(memory.write_object(gpa, value).has_value());
}

std::uint64_t get(const GuestMemory& memory, Gpa gpa) {
  std::uint64_t value = 0;
  EXPECT_TRUE(memory.read(gpa, std::as_writable_bytes(std::span(&value, 1))).has_value());
  return value;
}

TEST(GuestMemoryImage, copies_and_the_original_change_apart) {
  GuestMemory original = memory();
  put(original, 0x1000, 1);
  const std::byte* const base = original.base();
  const auto image = original.become_image();
  ASSERT_TRUE(image.has_value()) << image.error().message;
  EXPECT_EQ(original.base(), base) << "KVM's slots name it";
  const auto one = GuestMemory::create_over(*image);
  const auto two = GuestMemory::create_over(*image);
  ASSERT_TRUE(one && two);
  put(original, 0x1000, 2);
  put(*one, 0x1000, 3);
  EXPECT_EQ(get(original, 0x1000), 2U);
  EXPECT_EQ(get(*one, 0x1000), 3U);
  EXPECT_EQ(get(*two, 0x1000), 1U);
}

TEST(GuestMemoryImage, nobody_writes_to_it_any_more) {
  GuestMemory original = memory();
  const auto image = original.become_image();
  ASSERT_TRUE(image.has_value());
  EXPECT_LT(::pwrite(image->fd.get(), "x", 1, 0), 0);
  EXPECT_EQ(::mmap(nullptr, kBytes, PROT_WRITE, MAP_SHARED, image->fd.get(), 0), MAP_FAILED);
  EXPECT_NE(::ftruncate(image->fd.get(), 0), 0);
}

TEST(GuestMemoryImage, a_copy_of_a_copy_has_what_either_wrote) {
  GuestMemory original = memory();
  put(original, 0x1000, 1);
  put(original, 0x2000, 2);
  const auto image = original.become_image();
  ASSERT_TRUE(image.has_value());
  const auto one = GuestMemory::create_over(*image);
  ASSERT_TRUE(one.has_value());
  put(*one, 0x2000, 22);
  put(*one, 0x700000, 33); // a hole of the image
  const auto second = one->copy_image(*image);
  ASSERT_TRUE(second.has_value()) << second.error().message;
  const auto two = GuestMemory::create_over(*second);
  ASSERT_TRUE(two.has_value());
  EXPECT_EQ(get(*two, 0x1000), 1U);
  EXPECT_EQ(get(*two, 0x2000), 22U);
  EXPECT_EQ(get(*two, 0x700000), 33U);
  EXPECT_EQ(std::memcmp(one->base(), two->base(), kBytes), 0);
}

TEST(GuestMemoryImage, changed_pages_are_found_and_nothing_else) {
  GuestMemory original = memory();
  put(original, 0x5000, 1);
  const auto image = original.become_image();
  ASSERT_TRUE(image.has_value());
  const auto copy = GuestMemory::create_over(*image);
  ASSERT_TRUE(copy.has_value());
  EXPECT_EQ(get(*copy, 0x5000), 1U); // read: still the image's
  EXPECT_TRUE(copy->changed_pages()->empty());
  put(*copy, 0x3000, 1);
  put(*copy, 0x4008, 1);
  put(*copy, kBytes - 8, 1);
  const auto runs = copy->changed_pages();
  ASSERT_TRUE(runs.has_value());
  ASSERT_EQ(runs->size(), 2U);
  EXPECT_EQ(runs->front().offset, 0x3000U);
  EXPECT_EQ(runs->front().bytes, 0x2000U);
  EXPECT_EQ(runs->back().offset, kBytes - kPageSize);
}

TEST(GuestMemoryImage, pages_that_are_prepared_for_writes_are_as_they_were) {
  GuestMemory original = memory();
  put(original, 0x5000, 1);
  const auto image = original.become_image();
  ASSERT_TRUE(image.has_value());
  const auto copy = GuestMemory::create_over(*image);
  ASSERT_TRUE(copy.has_value());
  const std::vector<PageRun> pages = {{.offset = 0x5000, .bytes = 0x2000},
                                      {.offset = kBytes, .bytes = kPageSize}, // outside: ignored
                                      {.offset = ~0ULL, .bytes = kPageSize}};
  copy->prepare_writes(pages);
  EXPECT_EQ(get(*copy, 0x5000), 1U);
  EXPECT_EQ(get(*copy, 0x6000), 0U);
  const auto own = copy->changed_pages();
  ASSERT_TRUE(own.has_value());
  EXPECT_EQ(*own, (std::vector<PageRun>{pages.front()}));
}

class Revert : public testing::TestWithParam<std::uint64_t> {};

TEST_P(Revert, brings_back_every_byte_of_the_image) {
  GuestMemory original = memory();
  for (Gpa gpa = 0; gpa < kBytes; gpa += 2 * kPageSize) { // every other page is a hole
    put(original, gpa, gpa + 1);
  }
  const auto image = original.become_image();
  ASSERT_TRUE(image.has_value());
  auto copy = GuestMemory::create_over(*image);
  const auto untouched = GuestMemory::create_over(*image);
  ASSERT_TRUE(copy && untouched);
  for (int life = 0; life < 3; ++life) {
    for (std::uint64_t page = 0; page < GetParam(); ++page) {
      put(*copy, page * kPageSize + 8, ~0ULL);
    }
    const auto reverted = copy->revert(*image);
    ASSERT_TRUE(reverted.has_value()) << reverted.error().message;
    EXPECT_EQ(reverted->pages, GetParam());
    EXPECT_EQ(reverted->copied, GetParam() <= 1024) << "few pages are written back";
    ASSERT_EQ(std::memcmp(copy->base(), untouched->base(), kBytes), 0) << "life " << life;
  }
}

TEST(RevertOfMuch, is_refused_where_another_copy_costs_less) {
  constexpr std::uint64_t kMost = 8192;
  auto original = GuestMemory::create((kMost + 1) * kPageSize, true);
  ASSERT_TRUE(original.has_value());
  const auto image = original->become_image();
  ASSERT_TRUE(image.has_value());
  auto copy = GuestMemory::create_over(*image);
  ASSERT_TRUE(copy.has_value());
  for (std::uint64_t page = 0; page < kMost; ++page) {
    put(*copy, page * kPageSize, 1);
  }
  EXPECT_TRUE(copy->revert(*image).has_value());
  for (std::uint64_t page = 0; page <= kMost; ++page) {
    put(*copy, page * kPageSize, 1);
  }
  const auto refused = copy->revert(*image);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, StatusCode::kUnsupported);
  EXPECT_NE(refused.error().message.find("8193 pages"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Pages, Revert, testing::Values(0, 1, 64, 1024, 1025, 2048));

} // namespace
} // namespace schedrig::kvm
