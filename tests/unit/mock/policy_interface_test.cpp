// SPDX-License-Identifier: MIT
// What the machine promises a policy beyond the queues: the order of a task's life, exit, timer,
// moving between queues, time that callbacks take, SCX_OPS_ENQ_LAST, the watchdog's timeout.
#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/mock/bad_policies.hpp"
#include "tests/unit/mock/machine_fixture.hpp"

namespace schedrig::mock::test {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kMs = 1'000'000;

class Recorder final : public Sound {
 public:
  using Sound::Sound;
  void on_init_task(const SimTask& /*task*/) override { calls.emplace_back("init_task"); }
  void on_enable(const SimTask& /*task*/) override { calls.emplace_back("enable"); }
  void on_set_weight(const SimTask& /*task*/) override { calls.emplace_back("set_weight"); }
  void on_disable(const SimTask& /*task*/) override { calls.emplace_back("disable"); }
  void on_exit_task(const SimTask& /*task*/) override { calls.emplace_back("exit_task"); }
  void on_exit(const SchedulerExit& info) override {
    calls.emplace_back("exit " + std::string(exit_kind_info(info.kind).word));
    kernel().error("too late to matter");
  }
  static inline std::vector<std::string> calls;
};

TEST(PolicyInterface, a_tasks_life_and_the_end_come_in_the_kernels_order) {
  Recorder::calls.clear();
  TestMachine m(1);
  ASSERT_TRUE(m.attach<Recorder>("recorder").ok());
  m.stop(m.run_work(work(WorkType::kSpin)));
  const auto other = m.run_work(work(WorkType::kSpin));
  ASSERT_TRUE(m.schedulers().detach(kSecond).ok());
  const std::vector<std::string> whole_life = {"init_task", "enable", "set_weight", "disable",
                                               "exit_task"};
  std::vector<std::string> expected = whole_life;
  expected.insert(expected.end(), whole_life.begin(), whole_life.end());
  expected.emplace_back("exit unreg");
  EXPECT_EQ(Recorder::calls, expected);
  EXPECT_TRUE(m.exits().empty()) << "a detached policy cannot be ejected";
  m.run_for(kSecond);
  EXPECT_TRUE(m.exits().empty());
  m.stop(other);
}

class EndsItself final : public Sound {
 public:
  using Sound::Sound;
  Status on_init() override {
    kernel().start_timer(10 * kMs);
    return Sound::on_init();
  }
  void on_timer() override {
    if (++timers < 3) {
      kernel().start_timer(10 * kMs);
    } else {
      kernel().exit(kExitCodeRestart, "enough");
    }
  }
  void on_exit(const SchedulerExit& info) override { exit_code = info.code; }
  static inline int timers = 0;
  static inline std::int64_t exit_code = 0;
};

TEST(PolicyInterface, the_timer_fires_once_a_start_and_exit_ends_the_policy) {
  TestMachine m(1);
  ASSERT_TRUE(m.attach<EndsItself>("brief").ok());
  const std::int64_t attached = m.now();
  m.run_for(kSecond);
  ASSERT_EQ(m.exits().size(), 1U);
  EXPECT_EQ(m.exits()[0].kind, kExitUnregBpf);
  EXPECT_EQ(m.exits()[0].code, kExitCodeRestart);
  EXPECT_EQ(m.exits()[0].at_ns, attached + 30 * kMs);
  EXPECT_EQ(EndsItself::timers, 3);
  EXPECT_EQ(EndsItself::exit_code, kExitCodeRestart);
}

TEST(PolicyInterface, a_timer_does_not_outlive_its_policy) {
  EndsItself::timers = 0;
  TestMachine m(1);
  ASSERT_TRUE(m.attach<EndsItself>("brief").ok());
  ASSERT_TRUE(m.schedulers().detach(kSecond).ok()); // 5 ms later, before the timer
  ASSERT_TRUE(m.attach<Sound>("sound").ok());
  m.run_for(kSecond);
  EXPECT_EQ(EndsItself::timers, 0);
  EXPECT_TRUE(m.exits().empty());
}

// Runs the last of the queue instead of the first.
class LastFirst final : public Sound {
 public:
  using Sound::Sound;
  void on_dispatch(std::int32_t /*cpu*/, const SimTask* /*prev*/) override {
    const SimTask* last = nullptr;
    static_cast<void>(find_queued(kQueue, [&](const SimTask& task) {
      last = &task;
      return false;
    }));
    if (last != nullptr) {
      moved += kernel().dsq_move(*last, kQueue, kDsqLocal, 0) ? 1 : 0;
      missed += kernel().dsq_move(*last, kQueue, kDsqLocal, 0) ? 0 : 1; // not there any more
    }
  }
  static inline int moved = 0;
  static inline int missed = 0;
};

TEST(PolicyInterface, any_task_of_a_queue_can_be_moved_once) {
  TestMachine m(1);
  ASSERT_TRUE(m.attach<LastFirst>("last").ok());
  const auto group = m.run_work(work(WorkType::kSpin, 3));
  m.run_for(kSecond);
  EXPECT_GT(LastFirst::moved, 20);
  EXPECT_EQ(LastFirst::missed, LastFirst::moved);
  EXPECT_TRUE(m.exits().empty());
  m.stop(group);
}

class MovesFromTick final : public Sound {
 public:
  using Sound::Sound;
  void on_tick(const SimTask& task) override {
    static_cast<void>(kernel().dsq_move(task, kQueue, kDsqLocal, 0));
  }
};

TEST(PolicyInterface, moving_where_the_kernel_does_not_allow_it_ejects) {
  TestMachine m(1);
  ASSERT_TRUE(m.attach<MovesFromTick>("bad").ok());
  const auto group = m.run_work(work(WorkType::kSpin));
  m.run_for(kSecond);
  ASSERT_EQ(m.exits().size(), 1U);
  EXPECT_EQ(m.exits()[0].kind, kExitError);
  EXPECT_EQ(m.exits()[0].help, "move tasks in on_dispatch or on_timer");
  m.stop(group);
}

// Each dispatch takes a millisecond.
class Slow final : public Sound {
 public:
  using Sound::Sound;
  void on_dispatch(std::int32_t cpu, const SimTask* prev) override {
    kernel().delay(kMs);
    Sound::on_dispatch(cpu, prev);
  }
};

TEST(PolicyInterface, what_callbacks_take_is_lost_to_tasks) {
  TestMachine fast(1);
  ASSERT_TRUE(fast.attach<Sound>("fast").ok());
  TestMachine slow(1);
  ASSERT_TRUE(slow.attach<Slow>("slow").ok());
  const auto work_done = [](TestMachine& m) {
    const auto group = m.run_work(work(WorkType::kSpin, 2));
    m.run_for(10 * kSecond);
    double units = 0;
    for (const OwnedReport& each : m.stop(group)) {
      units += static_cast<double>(each.report.work_units);
    }
    return units;
  };
  // A slice of 20 ms, then 1 ms of dispatch: one part in 21.
  EXPECT_NEAR(work_done(slow) / work_done(fast), 20.0 / 21, 0.005);
}

// With SCX_OPS_ENQ_LAST; counts enqueues that carry the flag.
class EnqueuesLast final : public Sound {
 public:
  using Sound::Sound;
  [[nodiscard]] SimOps on_ops() const override {
    SimOps ops;
    ops.flags = kOpsEnqLast;
    return ops;
  }
  void on_enqueue(const SimTask& task, std::uint64_t flags) override {
    last += (flags & kEnqLast) != 0 ? 1 : 0;
    kernel().dsq_insert(task, (flags & kEnqLast) != 0 ? kDsqLocal : kQueue, kSliceDefaultNs, flags);
  }
  static inline int last = 0;
};

TEST(PolicyInterface, enq_last_gives_the_policy_the_only_task_back) {
  TestMachine m(1);
  ASSERT_TRUE(m.attach<EnqueuesLast>("last").ok());
  const auto group = m.run_work(work(WorkType::kSpin));
  m.run_for(kSecond);
  EXPECT_NEAR(EnqueuesLast::last, 50, 5); // one a slice of 20 ms
  EXPECT_GT(m.stop(group)[0].report.cpu_ns, 98 * kSecond / 100);
}

class Impatient final : public Sound {
 public:
  using Sound::Sound;
  [[nodiscard]] SimOps on_ops() const override {
    SimOps ops;
    ops.timeout_ns = 31 * kSecond;
    return ops;
  }
};

TEST(PolicyInterface, a_watchdog_timeout_above_the_kernels_is_refused) {
  TestMachine m(1);
  const Status status = m.attach<Impatient>("impatient");
  EXPECT_EQ(status.code, StatusCode::kOs);
  EXPECT_EQ(status.os_errno, E2BIG);
}

TEST(PolicyInterface, attaching_takes_time_and_a_shorter_timeout_fails) {
  TestMachine m(1);
  const std::int64_t before = m.now();
  const Status status = m.schedulers().attach("sound", plugin_of<Sound>(), {}, /*timeout_ns=*/kMs);
  EXPECT_EQ(status.code, StatusCode::kTimeout);
  EXPECT_EQ(m.now(), before + kMs);
  EXPECT_EQ(m.fact("scheduler.attached"), "none");
  EXPECT_TRUE(m.attach<Sound>("sound").ok());
  EXPECT_GT(m.now(), before + 10 * kMs);
}

// Breaks a rule with the first task that it takes over.
class FailsAtTakeOver final : public Sound {
 public:
  using Sound::Sound;
  void on_enqueue(const SimTask& task, std::uint64_t /*flags*/) override {
    kernel().dsq_insert(task, 0xbad, kSliceDefaultNs, 0);
  }
};

TEST(PolicyInterface, an_ejection_at_attach_leads_back_to_the_default) {
  TestMachine m(1);
  ASSERT_TRUE(m.attach<Sound>("eevdf").ok());
  const auto group = m.run_work(work(WorkType::kSpin, 3));
  m.run_for(100 * kMs);
  const Status status = m.attach<FailsAtTakeOver>("bad");
  EXPECT_FALSE(status.ok());
  EXPECT_NE(std::string(status.message).find("non-existent DSQ 0xbad"), std::string::npos)
      << status.message;
  EXPECT_EQ(m.fact("scheduler.attached"), "eevdf");
  EXPECT_TRUE(m.attach<Sound>("good").ok());
  m.stop(group);
}

} // namespace
} // namespace schedrig::mock::test
