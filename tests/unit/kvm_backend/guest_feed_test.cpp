// SPDX-License-Identifier: MIT
#include <thread>

#include <gtest/gtest.h>

#include "backend/guest_feed.hpp"

namespace schedrig::kvm {
namespace {

using std::chrono::steady_clock;

Deadline soon() {
  return steady_clock::now() + std::chrono::seconds(10);
}
Deadline now() {
  return steady_clock::now();
}

class Feed : public ::testing::Test {
 protected:
  void SetUp() override {
    auto feed = GuestFeed::create();
    ASSERT_TRUE(feed);
    feed_ = *std::move(feed);
  }
  std::unique_ptr<GuestFeed> feed_;
};

TEST_F(Feed, nothing_to_take_is_a_deadline) {
  EXPECT_EQ(feed_->wait(now(), true), GuestFeed::Woken::kDeadline);
}

TEST_F(Feed, output_of_another_thread_ends_the_wait_and_is_taken_once) {
  std::thread device([this] {
    feed_->on_console(Bytes(3, std::byte{'c'}));
    feed_->on_control(Bytes(5, std::byte{'d'}));
    feed_->on_notice("a notice");
    feed_->on_end({.kind = VmEndKind::kReset, .detail = "why"});
  });
  EXPECT_EQ(feed_->wait(soon(), false), GuestFeed::Woken::kOutput);
  device.join();
  const GuestOutput output = feed_->take();
  EXPECT_EQ(output.console.size(), 3U);
  EXPECT_EQ(output.control.size(), 5U);
  EXPECT_EQ(output.notices, std::vector<std::string>{"a notice"});
  ASSERT_TRUE(output.end);
  EXPECT_EQ(output.end->detail, "why");
  EXPECT_EQ(feed_->wait(now(), false), GuestFeed::Woken::kDeadline);
  EXPECT_FALSE(feed_->take().end);
}

TEST_F(Feed, an_interrupt_ends_the_next_interruptible_wait_and_only_that) {
  feed_->interrupt();
  EXPECT_EQ(feed_->wait(now(), false), GuestFeed::Woken::kDeadline);
  EXPECT_EQ(feed_->wait(soon(), true), GuestFeed::Woken::kInterrupted);
  EXPECT_EQ(feed_->wait(now(), true), GuestFeed::Woken::kDeadline);
}

TEST_F(Feed, an_interrupt_from_another_thread_ends_a_wait_that_has_begun) {
  std::thread other([this] { feed_->interrupt(); });
  EXPECT_EQ(feed_->wait(soon(), true), GuestFeed::Woken::kInterrupted);
  other.join();
}

TEST_F(Feed, console_bytes_above_the_limit_are_counted_not_kept) {
  const Bytes megabyte(std::size_t{1} << 20);
  for (int i = 0; i < 6; ++i) {
    feed_->on_console(megabyte);
  }
  const GuestOutput output = feed_->take();
  EXPECT_EQ(output.console.size(), megabyte.size() * 4);
  EXPECT_EQ(output.console_bytes_lost, megabyte.size() * 2);
}

TEST_F(Feed, control_bytes_above_the_limit_wait_for_the_host_and_all_arrive) {
  const Bytes megabyte(std::size_t{1} << 20);
  constexpr std::size_t kPieces = 40;
  std::thread device([&] {
    for (std::size_t i = 0; i < kPieces; ++i) {
      feed_->on_control(megabyte);
    }
  });
  std::size_t received = 0;
  while (received < kPieces * megabyte.size() &&
         feed_->wait(soon(), false) == GuestFeed::Woken::kOutput) {
    const GuestOutput output = feed_->take();
    EXPECT_LE(output.control.size(), megabyte.size() * 8);
    received += output.control.size();
  }
  device.join();
  EXPECT_EQ(received, kPieces * megabyte.size());
}

TEST_F(Feed, close_lets_a_device_thread_go_that_waits_for_room) {
  const Bytes megabyte(std::size_t{1} << 20);
  std::thread device([&] {
    for (int i = 0; i < 20; ++i) {
      feed_->on_control(megabyte);
    }
  });
  EXPECT_EQ(feed_->wait(soon(), false), GuestFeed::Woken::kOutput);
  feed_->close();
  device.join();
  EXPECT_LE(feed_->take().control.size(), megabyte.size() * 8);
}

TEST(GuestFeed, reopened_it_has_forgotten_everything_and_holds_up_again) {
  const auto feed = *GuestFeed::create();
  feed->on_control(Bytes(5));
  feed->on_end({});
  feed->interrupt();
  feed->close();
  feed->reopen();
  const auto past = std::chrono::steady_clock::now();
  EXPECT_EQ(feed->wait(past, true), GuestFeed::Woken::kDeadline) << "no output, no interrupt";
  const GuestOutput output = feed->take();
  EXPECT_TRUE(output.control.empty());
  EXPECT_FALSE(output.end.has_value());
  feed->on_control(Bytes(3));
  EXPECT_EQ(feed->take().control.size(), 3U) << "a closed one drops";
}

} // namespace
} // namespace schedrig::kvm
