// SPDX-License-Identifier: MIT
// The kernel's rules on policies: each is broken by a policy of its own, which is then ejected with
// the kernel's exit kind while the machine goes on.
#include <string>

#include <gtest/gtest.h>

#include "tests/unit/mock/bad_policies.hpp"
#include "tests/unit/mock/machine_fixture.hpp"

namespace schedrig::mock::test {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kError = 1024;
constexpr std::int64_t kErrorBpf = 1025;
constexpr std::int64_t kErrorStall = 1026;

// Two CPUs, both busy; then the task that sets the policy off, pinned to CPU 0.
template <class Policy> void expect_ejected(std::int64_t kind, const std::string& message) {
  TestMachine m(2);
  ASSERT_TRUE(m.attach<Policy>("bad").ok());
  const auto before = m.run_work(work(WorkType::kSpin, 4));
  m.run_for(kSecond / 10);
  ASSERT_TRUE(m.scheduler_exits().empty());

  const std::uint32_t cpu0 = 0;
  WorkSpec spec = work(WorkType::kSpin);
  spec.nice = kTrigger;
  if constexpr (!std::is_same_v<Policy, SelectsMissingCpu>) { // pinned tasks skip select_cpu
    spec.cpus = {&cpu0, 1};
  }
  const auto trigger = m.run_work(spec);
  std::int64_t waited = 0;
  while (m.scheduler_exits().empty() && waited < 60 * kSecond) {
    m.run_for(kSecond);
    waited += kSecond;
  }
  const auto exits = m.scheduler_exits();
  ASSERT_EQ(exits.size(), 1U);
  const OwnedEvent& exit = exits[0];
  EXPECT_EQ(exit.value, kind);
  EXPECT_NE(exit.text.find("bad: "), std::string::npos) << exit.text;
  EXPECT_NE(exit.text.find(message), std::string::npos) << exit.text;
  EXPECT_EQ(m.fact("scheduler.attached"), "none");
  EXPECT_EQ(m.schedulers().detach(kSecond).code, StatusCode::kNotFound);

  // The fallback runs everyone from here on.
  WakeReason reason = WakeReason::kDeadline;
  while (m.machine().wait_until(m.now() + 1, &reason).ok() && reason == WakeReason::kEvent) {
  }
  const std::int64_t at = m.now();
  EXPECT_EQ(m.run_for(2 * kSecond), WakeReason::kDeadline);
  EXPECT_EQ(m.now(), at + (2 * kSecond));
  const auto last = m.stop(trigger);
  EXPECT_EQ(last[0].report.completed, 1U);
  EXPECT_GT(last[0].report.cpu_ns, kSecond / 4);
  for (const OwnedReport& each : m.stop(before)) {
    EXPECT_EQ(each.report.completed, 1U);
    EXPECT_GT(each.report.cpu_ns, kSecond / 4);
  }
  EXPECT_TRUE(m.attach<Sound>("sound").ok());
}

TEST(Rules, inserting_a_task_twice_ejects) {
  expect_ejected<InsertsTwice>(kError, "already direct-dispatched");
}
TEST(Rules, inserting_another_task_than_the_one_enqueued_ejects) {
  expect_ejected<InsertsAnother>(kError, "but trying to direct-dispatch");
}
TEST(Rules, inserting_from_tick_ejects) {
  expect_ejected<InsertsFromTick>(kError, "may not insert");
}
TEST(Rules, a_missing_dsq_ejects) {
  expect_ejected<UsesMissingDsq>(kError, "non-existent DSQ 0xbad for spin[");
}
TEST(Rules, moving_from_a_missing_dsq_ejects) {
  expect_ejected<MovesFromMissingDsq>(kError, "invalid DSQ ID 0xbad");
}
TEST(Rules, a_cpu_outside_the_mask_ejects) {
  expect_ejected<InsertsOnForbiddenCpu>(kError, "SCX_DSQ_LOCAL[_ON] target CPU 1 not allowed");
}
TEST(Rules, a_cpu_that_does_not_exist_ejects) {
  expect_ejected<InsertsOnMissingCpu>(kError,
                                      "invalid CPU 4711 in SCX_DSQ_LOCAL_ON dispatch verdict");
}
TEST(Rules, selecting_a_cpu_that_does_not_exist_ejects) {
  expect_ejected<SelectsMissingCpu>(kError, "invalid CPU 4711 from ops.select_cpu()");
}
TEST(Rules, vtime_order_in_a_builtin_queue_ejects) {
  expect_ejected<OrdersBuiltinByVtime>(kError, "cannot use vtime ordering for built-in DSQs");
}
TEST(Rules, fifo_and_vtime_in_one_queue_eject) {
  expect_ejected<MixesOrders>(kError, "already had");
}
TEST(Rules, a_full_dispatch_buffer_ejects) {
  expect_ejected<OverflowsDispatchBuffer>(kError, "dispatch buffer overflow");
}
TEST(Rules, internal_enq_flags_eject) {
  expect_ejected<UsesInternalFlags>(kError, "invalid enq_flags");
}
TEST(Rules, an_error_that_the_policy_reports_ejects) {
  expect_ejected<ReportsError>(kErrorBpf, "this is the end");
}
TEST(Rules, what_a_policy_throws_ejects) {
  expect_ejected<Throws>(kErrorBpf, "thrown");
}
TEST(Rules, a_lost_task_ejects_after_the_watchdog_timeout) {
  expect_ejected<Loses>(kErrorStall, "failed to run for");
}
TEST(Rules, endless_dispatching_does_not_hang_and_ejects) {
  expect_ejected<DispatchesForEver>(kErrorStall, "failed to run for");
}

TEST(Rules, a_stall_is_noticed_within_one_and_a_half_timeouts) {
  TestMachine m(1);
  ASSERT_TRUE(m.attach<Loses>("bad").ok());
  WorkSpec spec = work(WorkType::kSpin);
  spec.nice = kTrigger;
  const std::uint32_t cpu0 = 0;
  spec.cpus = {&cpu0, 1};
  const auto group = m.spawn(spec);
  m.run_for(29 * kSecond);
  EXPECT_TRUE(m.scheduler_exits().empty());
  EXPECT_EQ(m.run_for(20 * kSecond), WakeReason::kEvent);
  ASSERT_EQ(m.scheduler_exits().size(), 1U);
  EXPECT_LE(m.scheduler_exits()[0].at_ns, 46 * kSecond);
  m.stop(group);
}

TEST(Rules, endless_kicks_end_as_a_soft_lockup) {
  TestMachine m(1);
  ASSERT_TRUE(m.attach<KicksForEver>("kicks").ok());
  const auto group = m.run_work(work(WorkType::kSpin, 2));
  EXPECT_EQ(m.run_for(30 * kSecond), WakeReason::kEvent);
  const auto exits = m.scheduler_exits();
  ASSERT_EQ(exits.size(), 1U);
  EXPECT_EQ(exits[0].value, kError);
  EXPECT_NE(exits[0].text.find("soft lockup - CPU 0 stuck for 20s"), std::string::npos);
  for (const OwnedReport& each : m.stop(group)) {
    EXPECT_EQ(each.report.completed, 1U);
  }
}

TEST(Rules, a_refused_init_leaves_what_ran_before) {
  TestMachine m(1);
  ASSERT_TRUE(m.attach<Sound>("eevdf").ok()); // the machine's default
  const auto group = m.run_work(work(WorkType::kSpin, 2));
  m.run_for(kSecond);
  const Status status = m.attach<RefusesInit>("bad");
  EXPECT_EQ(status.code, StatusCode::kInvalidArgument);
  EXPECT_STREQ(status.message, "not today");
  EXPECT_EQ(m.fact("scheduler.attached"), "eevdf");
  m.run_for(kSecond);
  for (const OwnedReport& each : m.stop(group)) {
    EXPECT_NEAR(static_cast<double>(each.report.cpu_ns), 1.0 * kSecond, 0.03 * kSecond);
  }
}

TEST(Schedulers, eevdf_is_nothing_attached_and_detaching_leads_back_to_it) {
  TestMachine m(1);
  EXPECT_EQ(m.schedulers().detach(kSecond).code, StatusCode::kNotFound);
  ASSERT_TRUE(m.attach<Sound>("eevdf").ok());
  EXPECT_EQ(m.schedulers().detach(kSecond).code, StatusCode::kNotFound);
  EXPECT_EQ(m.attach<Sound>("eevdf").code, StatusCode::kAlreadyExists);
  ASSERT_TRUE(m.attach<Sound>("other").ok());
  const Status twice = m.attach<Sound>("third");
  EXPECT_EQ(twice.code, StatusCode::kAlreadyExists);
  EXPECT_NE(std::string(twice.message).find("'other'"), std::string::npos);
  EXPECT_EQ(m.fact("scheduler.attached"), "other");
  EXPECT_TRUE(m.schedulers().detach(kSecond).ok());
  EXPECT_EQ(m.fact("scheduler.attached"), "eevdf");
}

TEST(Schedulers, an_ejected_scheduler_gives_way_to_the_default) {
  TestMachine m(1);
  ASSERT_TRUE(m.attach<Sound>("eevdf").ok());
  ASSERT_TRUE(m.attach<ReportsError>("bad").ok());
  WorkSpec spec = work(WorkType::kSpin);
  spec.nice = kTrigger;
  const std::uint32_t cpu0 = 0;
  spec.cpus = {&cpu0, 1};
  const auto group = m.run_work(spec);
  m.run_for(kSecond);
  ASSERT_EQ(m.scheduler_exits().size(), 1U);
  EXPECT_EQ(m.fact("scheduler.attached"), "eevdf");
  m.stop(group);
}

TEST(Schedulers, a_plugin_without_a_simulation_policy_is_unsupported) {
  class Foreign final : public Plugin {
   public:
    void* query(std::string_view /*interface_id*/) noexcept override { return nullptr; }
  } foreign;
  TestMachine m(1);
  EXPECT_EQ(m.schedulers().can_attach("foreign", foreign).code, StatusCode::kUnsupported);
  EXPECT_EQ(m.schedulers().attach("foreign", foreign, {}, kSecond).code, StatusCode::kUnsupported);
}

} // namespace
} // namespace schedrig::mock::test
