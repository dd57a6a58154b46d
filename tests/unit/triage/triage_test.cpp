// SPDX-License-Identifier: MIT
// What triage makes of evidence: a table, row by row.
#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

#include <schedrig/scheduler_exit.hpp>

#include "host/triage/triage.hpp"

namespace schedrig::triage {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::uint64_t kLocal = (1ULL << 63U) | 2U;

CpuScene cpu(std::uint32_t number, std::int32_t pid = 0, const std::string& sched_class = "ext") {
  return {.cpu = number,
          .pid = pid,
          .comm = pid == 0 ? "swapper" : "hog",
          .sched_class = pid == 0 ? "idle" : sched_class};
}
TaskScene waiter(std::optional<Queue> queue, std::vector<std::uint32_t> allowed = {0, 1}) {
  return {.pid = 10,
          .comm = "spin",
          .sched_class = "ext",
          .waiting_ns = 2 * kSecond,
          .cpu = allowed.empty() ? 0 : allowed.front(),
          .allowed = std::move(allowed),
          .queue = queue};
}
TaskScene running(std::int32_t pid, std::uint64_t vtime) {
  return {.pid = pid, .comm = "hog", .sched_class = "ext", .running = true, .vtime = vtime};
}
TaskScene waiting(std::int32_t pid, std::int64_t for_ns) {
  return {.pid = pid,
          .comm = "other",
          .sched_class = "ext",
          .waiting_ns = for_ns,
          .queue = Queue{.id = 0}};
}
ExitFacts exit_of(std::int64_t kind, std::string message = "") {
  return {.scheduler = "mine",
          .kind = kind,
          .message = std::move(message),
          .pid = 10,
          .task = "spin",
          .at_ns = 5 * kSecond,
          .runnable_since_ns = 3 * kSecond};
}
Evidence stall(std::vector<CpuScene> cpus, std::vector<TaskScene> tasks) {
  return {.scheduler = "mine",
          .exit = exit_of(kExitErrorStall, "spin[10] failed to run for 2.000s"),
          .scene = Scene{.source = "the kernel's dump",
                         .at_ns = 5 * kSecond,
                         .cpus = std::move(cpus),
                         .tasks = std::move(tasks)}};
}
Evidence ended(std::int64_t kind, std::string message = "") {
  return {.scheduler = "mine", .exit = exit_of(kind, std::move(message))};
}
Queue user(std::uint64_t id) {
  return {.id = id};
}
Queue local(std::uint32_t number) {
  return {.id = kLocal, .local_cpu = number};
}
Queue by_vtime() {
  return {.id = 0, .by_vtime = true};
}
TaskScene with_vtime(std::uint64_t vtime) {
  TaskScene task = waiter(by_vtime());
  task.vtime = vtime;
  return task;
}
Evidence stolen(double share, std::uint32_t host_cpus) {
  Evidence evidence = stall({cpu(0, 11), cpu(1, 12)}, {waiter(local(0))});
  evidence.scene->cpus[0].stolen_share = share;
  evidence.vcpus = 4;
  evidence.host_cpus = host_cpus;
  return evidence;
}
Evidence with_complaint(Evidence evidence, std::int64_t at_ns, bool defect) {
  evidence.complaints.push_back({.at_ns = at_ns, .text = "WARN: here", .defect = defect});
  return evidence;
}
Evidence late(Evidence evidence) {
  evidence.late_vcpu = "freeze: CPU 1 did not stand still within 1000 ms";
  return evidence;
}
Evidence attach_failed(bool timed_out) {
  return {.scheduler = "mine", .attach_error = "init: no such DSQ", .attach_timed_out = timed_out};
}
Evidence of_worker(bool killed) {
  return {.worker = WorkerFacts{.name = "worker 0",
                                .pid = 10,
                                .stood_still_ns = 3 * kSecond,
                                .since_ns = kSecond,
                                .killed = killed,
                                .ended = "wait status 11"}};
}
Evidence suspected() {
  Evidence evidence = stall({cpu(0, 11), cpu(1)}, {waiter(std::nullopt)});
  evidence.exit.reset();
  evidence.scene->suspect = 10;
  return evidence;
}

Evidence watchdog_did_not_run() {
  Evidence evidence = stall({cpu(0), cpu(1)}, {waiting(13, kSecond), waiter(user(0))});
  evidence.exit->pid = 0;
  evidence.exit->runnable_since_ns = -1;
  evidence.scene->cpus[0].stolen_share = 0.9;
  return evidence;
}

struct Row {
  const char* name;
  Evidence evidence;
  Kind kind;
  Blame blame;
  const char* culprit;
  const char* shown; // somewhere in the summary or the evidence
};

std::vector<Row> rows() {
  using enum Kind;
  const Blame scheduler = Blame::kScheduler;
  const Blame workload = Blame::kWorkload;
  return {
      {"dropped", stall({cpu(0, 11), cpu(1, 12)}, {waiter(std::nullopt)}), kLostTask, scheduler,
       "spin[10]", "on no queue"},
      {"dropped_beside_an_idle_cpu", stall({cpu(0, 11), cpu(1)}, {waiter(std::nullopt)}), kLostTask,
       scheduler, "spin[10]", "may use CPU 0-1"},
      {"queued_for_a_sleeping_cpu", stall({cpu(0, 11), cpu(1)}, {waiter(user(1))}), kMissedKick,
       scheduler, "spin[10]", "CPU 1, which it may use, idles"},
      {"local_queue_of_a_sleeping_cpu", stall({cpu(0, 11), cpu(1)}, {waiter(local(1))}),
       kMissedKick, scheduler, "spin[10]", "the local DSQ of CPU 1"},
      {"nothing_dispatched", stall({cpu(0), cpu(1)}, {waiter(user(7))}), kUndispatched, scheduler,
       "spin[10]", "DSQ 7, which no CPU takes from"},
      {"nobody_has_turns", stall({cpu(0, 11), cpu(1, 12)}, {waiter(user(7)), waiting(13, kSecond)}),
       kUndispatched, scheduler, "spin[10]", "like everybody else"},
      {"others_have_turns",
       stall({cpu(0, 11), cpu(1, 12)},
             {waiter(user(7)), waiting(13, 2 * kSecond), waiting(14, kSecond / 50)}),
       kStarved, scheduler, "spin[10]", "others that wait: 2"},
      {"idle_cpu_not_allowed", stall({cpu(0, 11), cpu(1)}, {waiter(user(7), {0})}), kStarved,
       scheduler, "spin[10]", "CPU 0 runs hog[11]"},
      {"behind_others_in_a_local_queue", stall({cpu(0, 11), cpu(1, 12)}, {waiter(local(0), {0})}),
       kStarved, scheduler, "spin[10]", "hog[11]"},
      {"vtime_ahead",
       stall({cpu(0, 11), cpu(1, 12)}, {with_vtime(9 * kSecond), running(11, kSecond)}), kVtimeSkew,
       scheduler, "spin[10]", "8.00 s ahead"},
      {"vtime_underflowed",
       stall({cpu(0, 11), cpu(1, 12)},
             {with_vtime(0 - std::uint64_t{20'000'000}), running(11, kSecond)}),
       kVtimeSkew, scheduler, "spin[10]", "wrapped below zero"},
      {"vtime_a_little_ahead",
       stall({cpu(0, 11), cpu(1, 12)}, {with_vtime(kSecond + 100), running(11, kSecond)}), kStarved,
       scheduler, "spin[10]", "DSQ 0"},
      {"rt_hog_on_its_only_cpu", stall({cpu(0, 11, "rt"), cpu(1)}, {waiter(local(0), {0})}), kRtHog,
       workload, "hog[11]", "keeps CPU 0"},
      {"rt_hogs_on_all_its_cpus", stall({cpu(0, 11, "rt"), cpu(1, 12, "rt")}, {waiter(user(0))}),
       kRtHog, workload, "hog[11]", "class rt"},
      {"left_behind_an_rt_hog", stall({cpu(0, 11, "rt"), cpu(1)}, {waiter(local(0))}), kRtHog,
       scheduler, "hog[11]", "though CPU 1 idles"},
      {"deadline_hog", stall({cpu(0, 11, "dl"), cpu(1)}, {waiter(local(0), {0})}), kDlHog, workload,
       "hog[11]", "class dl"},
      {"fair_hog", stall({cpu(0, 11, "fair"), cpu(1)}, {waiter(user(0), {0})}), kHigherClass,
       workload, "hog[11]", "class fair"},
      {"stall_without_a_scene", ended(kExitErrorStall, "spin[10] failed to run for 2.000s"), kStall,
       Blame::kInconclusive, "spin[10]", "nothing is known"},
      {"stall_of_a_task_that_is_gone", stall({cpu(0), cpu(1)}, {}), kStall, Blame::kInconclusive,
       "spin[10]", "does not have it waiting"},
      {"watchdog_did_not_run", watchdog_did_not_run(), kUndispatched, scheduler, "spin[10]",
       "DSQ 0, which no CPU takes from"},
      {"late_vcpu", late(stall({cpu(0), cpu(1)}, {waiter(user(7))})), kLateVcpu, Blame::kHost,
       "spin[10]", "did not stand still"},
      {"stolen_time", stolen(0.75, 1), kOversubscribed, Blame::kHost, "spin[10]",
       "4 vCPUs share 1 host CPUs"},
      {"little_stolen_time", stolen(0.2, 1), kStarved, scheduler, "spin[10]", "hog[11]"},
      {"warning_first",
       with_complaint(stall({cpu(0), cpu(1)}, {waiter(user(7))}), 4 * kSecond, true), kKernelBug,
       Blame::kKernel, "", "then: spin[10]"},
      {"warning_after_it",
       with_complaint(stall({cpu(0), cpu(1)}, {waiter(user(7))}), 6 * kSecond, true), kUndispatched,
       scheduler, "spin[10]", "DSQ 7"},
      {"rcu_stall_first",
       with_complaint(stall({cpu(0), cpu(1)}, {waiter(user(7))}), 4 * kSecond, false),
       kUndispatched, scheduler, "spin[10]", "WARN: here"},
      {"only_a_warning", with_complaint({}, kSecond, true), kKernelBug, Blame::kKernel, "",
       "WARN: here"},
      {"bad_dsq", ended(kExitError, "non-existent DSQ 0x7 for spin[10]"), kBadDsq, scheduler,
       "spin[10]", "0x7"},
      {"bad_dsq_moved_from", ended(kExitError, "invalid DSQ ID 0x7"), kBadDsq, scheduler,
       "spin[10]", "0x7"},
      {"bad_cpu", ended(kExitError, "invalid CPU 9 from ops.select_cpu()"), kBadCpu, scheduler,
       "spin[10]", "CPU 9"},
      {"cpu_not_allowed",
       ended(kExitError, "SCX_DSQ_LOCAL[_ON] target CPU 3 not allowed for spin[10]"),
       kCpuNotAllowed, scheduler, "spin[10]", "target CPU 3"},
      {"migration_disabled",
       ended(kExitError, "SCX_DSQ_LOCAL[_ON] cannot move migration disabled spin[10] from CPU 1"),
       kCpuNotAllowed, scheduler, "spin[10]", "migration disabled"},
      {"inserted_twice", ended(kExitError, "spin[10] already direct-dispatched"), kInsertedTwice,
       scheduler, "spin[10]", "twice"},
      {"another_rule", ended(kExitError, "dispatch buffer overflow"), kBrokenRule, scheduler,
       "spin[10]", "overflow"},
      {"its_own_error", ended(kExitErrorBpf, "cannot go on"), kSchedulerError, scheduler,
       "spin[10]", "cannot go on"},
      {"threw", ended(kExitErrorBpf, "uncaught exception in enqueue"), kCallbackThrew, scheduler,
       "spin[10]", "exception"},
      {"slow_callback", ended(kExitError, "soft lockup - CPU 0 stuck for 20s"), kSlowCallback,
       scheduler, "spin[10]", "stuck"},
      {"self_exit", ended(kExitUnregBpf, "done"), kSelfExit, scheduler, "", "ended by itself"},
      {"loader_crashed", ended(kExitUnreg, "its loader was killed by signal 11"), kLoaderGone,
       scheduler, "", "signal 11"},
      {"loader_killed", ended(kExitUnreg, "its loader was killed by signal 9"), kLoaderGone,
       Blame::kInconclusive, "", "was killed"},
      {"sysrq", ended(kExitSysrq), kDisabled, workload, "", "sysrq-S"},
      {"hotplug", ended(kExitUnregKern, "cpu 1 going offline"), kDisabled, workload, "",
       "going offline"},
      {"init_failed", attach_failed(false), kAttachError, scheduler, "", "init: no such DSQ"},
      {"attach_timed_out", attach_failed(true), kAttachError, Blame::kInconclusive, "",
       "not attached in time"},
      {"worker_crashed", of_worker(true), kWorkerKilled, workload, "worker 0", "wait status 11"},
      {"worker_stuck", of_worker(false), kStuckWorker, Blame::kInconclusive, "worker 0",
       "stood still from 1.00 s on"},
      {"seen_by_the_monitor", suspected(), kLostTask, scheduler, "spin[10]", "on no queue"},
  };
}

class Triage : public testing::TestWithParam<Row> {};

TEST_P(Triage, says_what_happened_and_whose_doing_it_was) {
  const Row& row = GetParam();
  const auto found = triage(row.evidence);
  ASSERT_TRUE(found);
  EXPECT_EQ(to_string(found->kind), to_string(row.kind));
  EXPECT_EQ(to_string(found->blame), to_string(row.blame));
  if (found->kind != Kind::kSelfExit && found->kind != Kind::kDisabled &&
      found->kind != Kind::kLoaderGone) {
    EXPECT_EQ(found->culprit, row.culprit);
  }
  std::string all = found->summary;
  for (const std::string& line : found->evidence) {
    all += "\n" + line;
  }
  EXPECT_NE(all.find(row.shown), std::string::npos) << all;
}

INSTANTIATE_TEST_SUITE_P(Rows, Triage, testing::ValuesIn(rows()),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(TriageOfNothing, says_nothing) {
  EXPECT_FALSE(triage({}));
}

TEST(TriageOfAStall, has_the_schedulers_own_words_about_the_task) {
  Evidence evidence = stall({cpu(0, 11), cpu(1)}, {waiter(std::nullopt)});
  evidence.exit->log = "3s something about pid 100\n3s dropping task pid 10\n4s pid 10 is no task";
  const auto found = triage(evidence);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->evidence.back(), "the scheduler's log: 3s dropping task pid 10");
}

TEST(TriageOfAStall, shows_eight_cpus_of_a_large_machine) {
  std::vector<CpuScene> cpus;
  for (std::uint32_t i = 0; i < 100; ++i) {
    cpus.push_back(cpu(i, static_cast<std::int32_t>(100 + i)));
  }
  const auto found = triage(stall(cpus, {waiter(user(0), {})}));
  ASSERT_TRUE(found);
  EXPECT_LT(found->evidence.size(), 20U) << "one screen";
}

TEST(Words, are_all_different) {
  std::vector<std::string_view> words;
  for (std::uint32_t kind = 0; kind <= static_cast<std::uint32_t>(Kind::kOversubscribed); ++kind) {
    words.push_back(to_string(static_cast<Kind>(kind)));
  }
  std::ranges::sort(words);
  EXPECT_EQ(std::ranges::adjacent_find(words), words.end());
  EXPECT_FALSE(words.front().empty());
}

} // namespace
} // namespace schedrig::triage
