// SPDX-License-Identifier: MIT
// Threads at the gate: they stand, go on, are named when they do not come, and end.
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "vmm/run_gate.hpp"

namespace schedrig::kvm {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

void no_kick(std::uint32_t /*thread*/) {}

// Threads that count while the gate is open.
class Counters {
 public:
  Counters(RunGate& gate, std::uint32_t threads) : counts_(threads) {
    gate.reset(threads);
    for (std::uint32_t i = 0; i < threads; ++i) {
      threads_.emplace_back([&gate, this, i] {
        while (gate.pass(i)) {
          while (!gate.is_wanted(i)) {
            ++counts_[i];
          }
        }
      });
    }
  }
  ~Counters() {
    for (std::thread& thread : threads_) {
      thread.join();
    }
  }
  Counters(const Counters&) = delete;
  Counters& operator=(const Counters&) = delete;

  [[nodiscard]] std::vector<std::uint64_t> now() const { return {counts_.begin(), counts_.end()}; }

 private:
  std::vector<std::atomic<std::uint64_t>> counts_;
  std::vector<std::thread> threads_;
};

TEST(RunGate, threads_stand_until_it_opens_and_whenever_it_is_shut) {
  RunGate gate;
  const Counters counters(gate, 4);
  EXPECT_EQ(counters.now(), std::vector<std::uint64_t>(4, 0));
  std::vector<std::uint64_t> before = counters.now();
  for (std::size_t round = 0; round < 40; ++round) {
    gate.open();
    while (counters.now()[round % 4] == before[round % 4]) {
      std::this_thread::yield();
    }
    gate.shut();
    ASSERT_FALSE(gate.wait_until_all_stand(steady_clock::now() + 10s, no_kick).has_value());
    before = counters.now();
    ASSERT_EQ(counters.now(), before);
  }
  gate.close();
}

TEST(RunGate, who_does_not_come_is_kicked_and_then_named) {
  RunGate gate;
  gate.reset(3);
  std::atomic<bool> stuck = true;
  std::thread thread([&] {
    while (gate.pass(1)) {
      while (stuck) {
        std::this_thread::yield();
      }
    }
  });
  gate.open();
  std::atomic<int> kicks = 0;
  const auto kick = [&](std::uint32_t who) {
    EXPECT_EQ(who, 1U);
    ++kicks;
  };
  // It may not have passed the gate yet: then it stands, and nobody is late.
  std::optional<std::uint32_t> late;
  while (!late) {
    gate.open();
    std::this_thread::sleep_for(1ms);
    gate.shut();
    late = gate.wait_until_all_stand(steady_clock::now() + 50ms, kick);
  }
  EXPECT_EQ(*late, 1U);
  EXPECT_GT(kicks, 1) << "a kick can be lost";
  stuck = false;
  EXPECT_FALSE(gate.wait_until_all_stand(steady_clock::now() + 10s, kick).has_value());
  gate.close();
  thread.join();
}

TEST(RunGate, a_thread_that_left_is_not_waited_for) {
  RunGate gate;
  gate.reset(1);
  gate.open();
  EXPECT_TRUE(gate.pass(0));
  gate.leave(0);
  gate.shut();
  EXPECT_FALSE(gate.wait_until_all_stand(steady_clock::now(), no_kick).has_value());
}

TEST(RunGate, once_closed_it_lets_nobody_pass_not_even_when_opened) {
  RunGate gate;
  gate.reset(1);
  gate.close();
  gate.open();
  EXPECT_FALSE(gate.pass(0));
}

// Until thread `i` has counted on.
void wait_until_it_counts(const Counters& counters, std::uint32_t i) {
  const std::uint64_t before = counters.now()[i];
  while (counters.now()[i] == before) {
    std::this_thread::yield();
  }
}

TEST(RunGate, one_thread_is_held_while_the_others_go_on) {
  RunGate gate;
  const Counters counters(gate, 3);
  gate.open();
  gate.hold(1, steady_clock::time_point::max());
  ASSERT_TRUE(gate.wait_until_stands(1, steady_clock::now() + 60s, no_kick));
  const std::uint64_t held_at = counters.now()[1];
  wait_until_it_counts(counters, 0);
  wait_until_it_counts(counters, 2);
  EXPECT_EQ(counters.now()[1], held_at);
  gate.release(1);
  wait_until_it_counts(counters, 1);
  EXPECT_GT(gate.take_held(1), 0ns);
  EXPECT_EQ(gate.take_held(1), 0ns) << "it was taken";
  EXPECT_EQ(gate.take_held(0), 0ns);
  gate.close();
}

TEST(RunGate, a_hold_ends_at_its_time) {
  RunGate gate;
  const Counters counters(gate, 1);
  gate.open();
  gate.hold(0, steady_clock::now() + 5ms);
  wait_until_it_counts(counters, 0);
  while (gate.is_wanted(0)) {
    std::this_thread::yield();
  }
  wait_until_it_counts(counters, 0);
  gate.close();
}

TEST(RunGate, who_is_held_stands_for_who_waits_for_all_and_stays_held) {
  RunGate gate;
  const Counters counters(gate, 2);
  gate.open();
  gate.hold(0, steady_clock::time_point::max());
  ASSERT_TRUE(gate.wait_until_stands(0, steady_clock::now() + 60s, no_kick));
  const std::uint64_t held_at = counters.now()[0];
  gate.shut();
  EXPECT_EQ(gate.wait_until_all_stand(steady_clock::now() + 60s, no_kick), std::nullopt);
  gate.postpone(1s);
  gate.open();
  wait_until_it_counts(counters, 1);
  EXPECT_EQ(counters.now()[0], held_at);
  gate.release_all();
  wait_until_it_counts(counters, 0);
  gate.close();
}

TEST(RunGate, a_time_that_was_put_off_is_not_over_while_it_is_shut) {
  RunGate gate;
  const Counters counters(gate, 1);
  gate.open();
  gate.shut();
  gate.hold(0, steady_clock::now() + 5ms);
  EXPECT_EQ(gate.wait_until_all_stand(steady_clock::now() + 60s, no_kick), std::nullopt);
  gate.postpone(std::chrono::hours(1));
  const std::uint64_t held_at = counters.now()[0];
  gate.open();
  while (steady_clock::now() < gate.stood_at() + 10ms) { // past the first time
    std::this_thread::yield();
  }
  EXPECT_EQ(counters.now()[0], held_at);
  gate.close();
}

TEST(RunGate, a_thread_that_yields_goes_on_by_itself) {
  RunGate gate;
  const Counters counters(gate, 2);
  gate.open();
  for (int i = 0; i < 50; ++i) {
    gate.yield(1);
    ASSERT_TRUE(gate.wait_until_stands(1, steady_clock::now() + 60s, no_kick));
    wait_until_it_counts(counters, 1);
  }
  EXPECT_EQ(gate.take_held(1), 0ns) << "nobody held it";
  gate.close();
}

TEST(RunGate, a_thread_that_is_held_ends_when_it_closes) {
  RunGate gate;
  const Counters counters(gate, 2);
  gate.open();
  gate.hold(0, steady_clock::time_point::max());
  ASSERT_TRUE(gate.wait_until_stands(0, steady_clock::now() + 60s, no_kick));
  gate.close(); // the counters' destructor joins
}

TEST(RunGate, one_that_does_not_come_is_told) {
  RunGate gate;
  gate.reset(1);
  gate.open();
  ASSERT_TRUE(gate.pass(0)); // and never comes back
  gate.hold(0, steady_clock::time_point::max());
  EXPECT_FALSE(gate.wait_until_stands(0, steady_clock::now() + 1ms, no_kick));
}

} // namespace
} // namespace schedrig::kvm
