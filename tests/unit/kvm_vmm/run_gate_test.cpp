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
          while (!gate.is_shut()) {
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

} // namespace
} // namespace schedrig::kvm
