// SPDX-License-Identifier: MIT
// A submission ring between two threads, and between two processes one of which is killed.
#include <atomic>
#include <thread>

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ring_rig.hpp"

namespace schedrig {
namespace {

RingResult twice(const RingSubmission& entry) {
  return {static_cast<std::int64_t>(entry.args[1] * 2)};
}

TEST(RingThreads, every_entry_arrives_whole_and_in_order_across_the_wrap) {
  constexpr std::uint64_t kEntries = 200'000;
  const auto region = ring_region(0xffff0000);
  std::atomic<bool> ended = false;
  std::uint64_t carried_out = 0;
  bool in_order = true;
  std::thread host([&] {
    RingConsumer consumer(RingMemory(region->ring, region->registers));
    while (!ended.load(std::memory_order_relaxed)) {
      const RingDrain drained = consumer.drain([&](const RingSubmission& entry) {
        in_order = in_order && entry.user_data == carried_out && entry.args[1] == carried_out;
        ++carried_out;
        return twice(entry);
      });
      if (drained.entries == 0) {
        std::this_thread::yield();
      }
    }
  });
  schedrig_ring_producer program{};
  ASSERT_EQ(schedrig_ring_attach(&program, region.get()), 0);
  std::uint64_t put = 0;
  std::uint64_t taken = 0;
  bool right = true;
  while (taken < kEntries) {
    RingSubmission entry = ring_entry(put, kRingNeedCompletion);
    entry.args[1] = put;
    if (put < kEntries && schedrig_ring_put(&program, &entry) == 0) {
      ++put;
      continue;
    }
    schedrig_ring_submit(&program);
    RingCompletion completion{};
    while (schedrig_ring_take(&program, &completion) == 0) {
      right = right && completion.user_data == taken &&
              completion.result == static_cast<std::int64_t>(taken * 2);
      ++taken;
    }
    std::this_thread::yield();
  }
  ended.store(true, std::memory_order_relaxed);
  host.join();
  EXPECT_TRUE(in_order);
  EXPECT_TRUE(right);
  EXPECT_EQ(carried_out, kEntries);
}

// A ring that two processes share, and a child that is killed.
class RingProcesses : public testing::Test {
 public:
  ~RingProcesses() override { ::munmap(region_, sizeof(RingRegion)); }

 protected:
  RingProcesses()
      : region_(new(::mmap(nullptr, sizeof(RingRegion), PROT_READ | PROT_WRITE,
                           MAP_SHARED | MAP_ANONYMOUS, -1, 0)) RingRegion()) {}

  // Runs `body` until it says by `ready` that it may be killed.
  template <class Body> void kill_in(Body&& body) {
    const int ready = ::eventfd(0, EFD_CLOEXEC);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      body([ready] { ::eventfd_write(ready, 1); });
      ::pause();
      ::_exit(0);
    }
    pollfd waits{ready, POLLIN, 0};
    ASSERT_EQ(::poll(&waits, 1, 10'000), 1);
    ::kill(child, SIGKILL);
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);
    ::close(ready);
  }

  RingRegion* region_;
};

TEST_F(RingProcesses, a_producer_killed_within_an_entry_leaves_it_unseen) {
  RingMemory memory(region_->ring, region_->registers);
  kill_in([&](const auto& ready) {
    RingProducer producer(memory);
    (void)producer.put(ring_entry(1, kRingNeedCompletion));
    producer.publish();
    region_->ring.submissions[1].opcode = SCHEDRIG_RING_SNAPSHOT; // the first half of the second
    ready();
  });
  RingConsumer consumer(memory);
  EXPECT_EQ(consumer.drain(twice).entries, 1U);
  consumer.kill(RingFault::kProducerGone);
  EXPECT_EQ(consumer.drain(twice).fault, RingFault::kProducerGone);
  EXPECT_EQ(region_->registers.reason, SCHEDRIG_RING_PRODUCER_GONE);
}

TEST_F(RingProcesses, a_killed_consumer_ends_the_producers_wait_in_time) {
  schedrig_ring_producer program{};
  ASSERT_EQ(schedrig_ring_attach(&program, region_), 0);
  for (std::uint64_t i = 0; i < 4; ++i) {
    const RingSubmission entry = ring_entry(i, kRingNeedCompletion | kRingBarrier);
    ASSERT_EQ(schedrig_ring_put(&program, &entry), 0);
  }
  schedrig_ring_submit(&program);
  kill_in([&](const auto& ready) {
    RingConsumer consumer(RingMemory(region_->ring, region_->registers));
    consumer.drain([&](const RingSubmission& entry) {
      if (entry.user_data == 2) {
        ready();
        ::pause();
      }
      return RingResult{};
    });
  });
  RingCompletion completion{};
  EXPECT_EQ(schedrig_ring_wait(&program, &completion, 10), 0);
  EXPECT_EQ(schedrig_ring_wait(&program, &completion, 10), 0);
  EXPECT_EQ(schedrig_ring_wait(&program, &completion, 10), -ETIMEDOUT);
}

} // namespace
} // namespace schedrig
