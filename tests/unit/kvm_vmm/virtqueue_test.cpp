// SPDX-License-Identifier: MIT
// Virtqueues: well-formed chains, then everything a hostile driver can write.
#include <random>

#include <gtest/gtest.h>

#include "virtio_driver.hpp"
#include "vmm/device/virtqueue.hpp"

namespace schedrig::kvm {
namespace {

using test::DriverQueue;
using test::kIndirect;
using test::kNext;
using test::kWrite;

constexpr std::uint64_t kBytes = 4ULL << 20;
constexpr Gpa kRings = 0x10000;
constexpr Gpa kBuffers = 0x100000;

class Virtqueue : public testing::Test {
 protected:
  Result<bool> take() { return pop(memory_, queue_, chain_); }
  void expect_broken(const char* what) {
    const auto popped = take();
    ASSERT_FALSE(popped.has_value()) << what;
    EXPECT_EQ(popped.error().code, StatusCode::kBadData) << what;
    EXPECT_EQ(driver_.used_index(), 0) << what;
  }

  GuestMemory memory_ = *GuestMemory::create(kBytes, true);
  DriverQueue driver_{memory_, kRings};
  VirtqueueState queue_ = driver_.state();
  Chain chain_;
};

TEST_F(Virtqueue, a_chain_comes_out_with_its_buffers_in_order) {
  driver_.describe(3, {kBuffers, 100, kNext, 5});
  driver_.describe(5, {kBuffers + 4096, 200, kNext | kWrite, 1});
  driver_.describe(1, {kBuffers + 8192, 300, kWrite, 0});
  driver_.offer(3);
  const auto popped = take();
  ASSERT_TRUE(popped.has_value() && *popped);
  EXPECT_EQ(chain_.head, 3);
  EXPECT_EQ(chain_.readable_bytes, 100U);
  EXPECT_EQ(chain_.writable_bytes, 500U);
  ASSERT_EQ(chain_.writable.size(), 2U);
  EXPECT_EQ(chain_.writable[1].data(), memory_.slice(kBuffers + 8192, 1).data());
  push(memory_, queue_, chain_.head, 42);
  EXPECT_EQ(driver_.used_index(), 1);
  EXPECT_EQ(driver_.used_length(0), 42U);
  EXPECT_FALSE(take().value_or(true)) << "nothing more is available";
}

TEST_F(Virtqueue, indices_wrap_at_sixteen_bits) {
  queue_.next_available = queue_.next_used = 0xfffe;
  driver_.describe(0, {kBuffers, 8, 0, 0});
  for (const unsigned slot : {6U, 7U, 0U, 1U}) { // 0xfffe % 8 and on
    driver_.put<std::uint16_t>(kRings + kPageSize + 4 + 2ULL * slot, 0);
  }
  driver_.set_available_index(2);
  for (int i = 0; i < 4; ++i) {
    const auto popped = take();
    ASSERT_TRUE(popped.has_value() && *popped) << i;
    push(memory_, queue_, chain_.head, 0);
  }
  EXPECT_FALSE(take().value_or(true));
  EXPECT_EQ(driver_.used_index(), 2);
}

TEST_F(Virtqueue, more_chains_than_the_queue_holds_are_refused) {
  driver_.set_available_index(9);
  expect_broken("available index too far ahead");
}

TEST_F(Virtqueue, a_head_outside_the_table_is_refused) {
  driver_.offer(8);
  expect_broken("head 8 of 8");
}

TEST_F(Virtqueue, a_next_outside_the_table_is_refused) {
  driver_.describe(0, {kBuffers, 8, kNext, 65535});
  driver_.offer(0);
  expect_broken("next 65535");
}

TEST_F(Virtqueue, a_loop_ends) {
  driver_.describe(0, {kBuffers, 8, kNext, 1});
  driver_.describe(1, {kBuffers, 8, kNext, 0});
  driver_.offer(0);
  expect_broken("loop");
}

TEST_F(Virtqueue, buffers_outside_ram_are_refused_even_when_the_end_wraps) {
  const std::pair<std::uint64_t, std::uint32_t> bad[] = {
      {kBytes, 1}, {kBytes - 1, 2}, {~0ULL, 2}, {~0ULL - 0xfff, 0x2000}, {0, 0xffffffff}};
  for (const auto& [address, length] : bad) {
    DriverQueue driver(memory_, kRings);
    queue_ = driver.state();
    driver.describe(0, {address, length, 0, 0});
    driver.offer(0);
    expect_broken("outside");
  }
}

TEST_F(Virtqueue, a_readable_buffer_after_a_writable_one_is_refused) {
  driver_.describe(0, {kBuffers, 8, kNext | kWrite, 1});
  driver_.describe(1, {kBuffers, 8, 0, 0});
  driver_.offer(0);
  expect_broken("order");
}

TEST_F(Virtqueue, an_indirect_table_which_was_not_offered_is_refused) {
  driver_.describe(0, {kBuffers, 16, kIndirect, 0});
  driver_.offer(0);
  expect_broken("indirect");
}

TEST_F(Virtqueue, a_chain_of_more_than_a_mebibyte_is_refused) {
  driver_.describe(0, {kBuffers, 1U << 20U, kNext, 1});
  driver_.describe(1, {kBuffers, 1, 0, 0});
  driver_.offer(0);
  expect_broken("too long");
}

TEST_F(Virtqueue, sizes_and_addresses_are_checked_before_a_queue_is_enabled) {
  EXPECT_TRUE(validate(memory_, queue_).has_value());
  const auto refused = [&](auto change) {
    VirtqueueState queue = driver_.state();
    change(queue);
    return !validate(memory_, queue).has_value();
  };
  EXPECT_TRUE(refused([](VirtqueueState& q) { q.size = 0; }));
  EXPECT_TRUE(refused([](VirtqueueState& q) { q.size = 3; }));
  EXPECT_TRUE(refused([](VirtqueueState& q) { q.size = 256; }));
  EXPECT_TRUE(refused([](VirtqueueState& q) { q.descriptors += 8; }));
  EXPECT_TRUE(refused([](VirtqueueState& q) { q.available += 1; }));
  EXPECT_TRUE(refused([](VirtqueueState& q) { q.used += 2; }));
  EXPECT_TRUE(refused([](VirtqueueState& q) { q.descriptors = ~0ULL << 4U; }));
  EXPECT_TRUE(refused([](VirtqueueState& q) { q.available = kBytes - 2; }));
  EXPECT_TRUE(refused([](VirtqueueState& q) { q.used = kBytes - 8; }));
}

TEST_F(Virtqueue, the_driver_can_turn_interrupts_off) {
  EXPECT_TRUE(wants_interrupt(memory_, queue_));
  driver_.set_flags(1);
  EXPECT_FALSE(wants_interrupt(memory_, queue_));
}

TEST_F(Virtqueue, random_rings_never_give_a_buffer_outside_ram) {
  std::mt19937_64 random(99);
  const auto* first = memory_.slice(0, kBytes).data();
  int chains = 0;
  for (int round = 0; round < 20000; ++round) {
    DriverQueue driver(memory_, kRings);
    queue_ = driver.state();
    for (std::uint16_t i = 0; i < 8; ++i) {
      driver.describe(i, {random() % (kBytes + 8192), static_cast<std::uint32_t>(random() % 8192),
                          static_cast<std::uint16_t>(random() % 4),
                          static_cast<std::uint16_t>(random() % 9)});
      driver.put<std::uint16_t>(kRings + kPageSize + 4 + 2ULL * i,
                                static_cast<std::uint16_t>(random() % 9));
    }
    driver.set_available_index(static_cast<std::uint16_t>(random() % 10));
    for (auto popped = take(); popped && *popped; popped = take()) {
      ++chains;
      for (const auto& buffers : {chain_.readable, chain_.writable}) {
        for (const auto buffer : buffers) {
          ASSERT_GE(buffer.data(), first);
          ASSERT_LE(buffer.data() + buffer.size(), first + kBytes);
        }
      }
      push(memory_, queue_, chain_.head, 0);
    }
  }
  EXPECT_GT(chains, 1000);
}

} // namespace
} // namespace schedrig::kvm
