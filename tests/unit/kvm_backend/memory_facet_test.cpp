// SPDX-License-Identifier: MIT
// The guest's RAM as a facet: what is read and written, and what is refused before anything is.
#include <array>
#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "backend/memory_facet.hpp"

namespace schedrig::kvm {
namespace {

class Ranges final : public MemoryRangeSink {
 public:
  void on_range(const MemoryRange& range) noexcept override { all.push_back(range); }
  std::vector<MemoryRange> all;
};

class GuestMemoryFacet : public testing::Test {
 protected:
  Status access(const std::vector<MemoryAccess>& accesses) {
    failed_ = 99;
    return facet_.access(accesses, &failed_);
  }
  static MemoryAccess write(std::uint64_t address, std::span<const std::uint8_t> bytes,
                            MemoryAccessKind kind = MemoryAccessKind::kWrite) {
    return {.kind = kind, .address = address, .into = {}, .from = bytes};
  }
  static MemoryAccess read(std::uint64_t address, std::span<std::uint8_t> into) {
    return {.kind = MemoryAccessKind::kRead, .address = address, .into = into, .from = {}};
  }

  GuestMemory memory_ = GuestMemory::create(1U << 20U, true).value();
  GuestMemoryAccess facet_{memory_};
  std::uint32_t failed_ = 0;
};

TEST_F(GuestMemoryFacet, ranges_are_those_of_the_machine) {
  Ranges ranges;
  facet_.ranges(ranges);
  ASSERT_EQ(ranges.all.size(), 1U);
  EXPECT_EQ(ranges.all[0].start, 0U);
  EXPECT_EQ(ranges.all[0].bytes, 1U << 20U);
}

TEST_F(GuestMemoryFacet, accesses_of_every_size_are_done_in_order) {
  const std::array<std::uint8_t, 8> bytes = {1, 2, 3, 4, 5, 6, 7, 8};
  std::array<std::uint8_t, 16> back{};
  const std::array<std::uint8_t, 4> mask = {0xf0, 0, 0, 0x80};
  ASSERT_TRUE(
      access({write(0x1000, bytes), write(0x1008, std::span(bytes).first(4)),
              write(0x100d, std::span(bytes).first(3)), write(0x1000, mask, MemoryAccessKind::kOr),
              write(0x1009, mask, MemoryAccessKind::kOr), read(0x1000, back)})
          .ok());
  const std::array<std::uint8_t, 16> expected = {0xf1, 2,    3, 0x84, 5,    6, 7, 8,
                                                 1,    0xf2, 3, 4,    0x80, 1, 2, 3};
  EXPECT_EQ(back, expected);
}

TEST_F(GuestMemoryFacet, a_bad_access_leaves_everything_as_it_was) {
  const std::array<std::uint8_t, 4> bytes = {1, 2, 3, 4};
  for (const std::uint64_t address : {(1ULL << 20U) - 3, 1ULL << 20U, ~0ULL, ~0ULL - 3}) {
    const Status status = access({write(0x2000, bytes), write(address, bytes)});
    EXPECT_EQ(status.code, StatusCode::kInvalidArgument);
    EXPECT_EQ(failed_, 1U);
  }
  std::array<std::uint8_t, 4> back{};
  ASSERT_TRUE(access({read(0x2000, back)}).ok());
  EXPECT_EQ(back, (std::array<std::uint8_t, 4>{}));
}

TEST_F(GuestMemoryFacet, a_batch_beyond_its_bounds_is_refused_whole) {
  std::vector<std::uint8_t> much(schedrig::kMaxMemoryBytes);
  std::array<std::uint8_t, 1> more{};
  EXPECT_TRUE(access({read(0, much)}).ok());
  EXPECT_EQ(access({read(0, much), read(0, more)}).code, StatusCode::kInvalidArgument);
  EXPECT_EQ(access(std::vector<MemoryAccess>(kMaxMemoryAccesses + 1, read(0, more))).code,
            StatusCode::kInvalidArgument);
}

// As a guest's CPU does that counts in the other bits of the word.
TEST_F(GuestMemoryFacet, or_of_an_aligned_word_loses_nothing_of_its_neighbours) {
  constexpr std::uint32_t kCounts = 200'000;
  auto& word = *reinterpret_cast<std::uint32_t*>(memory_.slice(0x3000, 4).data());
  std::thread guest([&word] {
    for (std::uint32_t i = 0; i < kCounts; ++i) {
      std::atomic_ref(word).fetch_add(1U << 8U);
    }
  });
  const std::array<std::uint8_t, 4> mask = {0x21, 0, 0, 0};
  for (std::uint32_t i = 0; i < kCounts; ++i) {
    ASSERT_TRUE(access({write(0x3000, mask, MemoryAccessKind::kOr)}).ok());
  }
  guest.join();
  EXPECT_EQ(std::atomic_ref(word).load(), (kCounts << 8U) | 0x21U);
}

} // namespace
} // namespace schedrig::kvm
