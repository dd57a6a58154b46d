// SPDX-License-Identifier: MIT
// docs/reference/rt_app.md, line by line: what each key and event becomes, and what is refused.
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "host/import/rt_app.hpp"

namespace schedrig::import {
namespace {

constexpr std::int64_t kUs = 1'000;

std::string errors_of(std::string_view text) {
  std::string all;
  for (const Problem& problem : import_rt_app(text, 0).problems) {
    all += std::to_string(problem.place.line) + ":" + std::to_string(problem.place.column) + ": " +
           problem.message + "\n";
  }
  return all;
}

// Of a file with the one task "t".
std::string task(std::string_view members) {
  return "{ \"tasks\" : { \"t\" : {\n" + std::string(members) + "\n} } }";
}

RtApp imported(std::string_view text, std::uint32_t first = 0) {
  RtApp result = import_rt_app(text, first);
  EXPECT_EQ(errors_of(text), "");
  return result;
}

// "run 5000, timer 9000 #0, end x3": times in nanoseconds.
std::string phases_of(const WorkGroup& work) {
  constexpr std::string_view kNames[] = {"spin",       "sleep",   "yield",  "io",       "run",
                                         "yield_once", "delay",   "timer",  "absolute", "repeat",
                                         "end",        "lock",    "unlock", "wait_on",  "signal",
                                         "broadcast",  "suspend", "barrier"};
  std::string all;
  for (const WorkPhase& phase : work.phases) {
    all += (all.empty() ? "" : ", ") + std::string(kNames[static_cast<std::size_t>(phase.kind)]);
    all += phase.duration_ns != 0 ? " " + std::to_string(phase.duration_ns / kUs) : "";
    all += " #" + std::to_string(phase.number) + " x" + std::to_string(phase.count);
  }
  return all;
}

std::string phases_of(std::string_view members) {
  const RtApp result = imported(task(members));
  return result.tasks.size() == 1 ? phases_of(result.tasks[0].work) : "no task";
}

TEST(RtApp, events_in_the_task_are_its_only_phase_and_loop_endlessly) {
  EXPECT_EQ(phases_of(R"("run" : 5, "runtime1" : 6, "sleep" : 7, "yield" : "", "run2" : 8)"),
            "run 5 #0 x0, spin 6 #0 x0, sleep 7 #0 x0, yield_once #0 x0, run 8 #0 x0");
}

TEST(RtApp, loops_of_phases_repeat_them_and_the_loop_of_the_task_ends_it) {
  EXPECT_EQ(phases_of(R"("loop" : 3, "delay" : 9, "phases" : {
      "a" : { "run" : 1 },
      "b" : { "loop" : 4, "run" : 2, "sleep" : 3 },
      "c" : { "loop" : -1, "run" : 5 } })"),
            "delay 9 #0 x0, run 1 #0 x0, run 2 #0 x0, sleep 3 #0 x0, repeat #2 x4, run 5 #0 x0, "
            "repeat #5 x0, end #0 x3");
}

TEST(RtApp, events_of_no_time_are_left_out) {
  EXPECT_EQ(phases_of(R"("run" : 10, "sleep" : 0)"), "run 10 #0 x0");
  EXPECT_EQ(errors_of(task(R"("run" : 0)")), "1:15: the task \"t\" does nothing\n");
}

TEST(RtApp, timers_are_told_apart_by_name_and_mode) {
  EXPECT_EQ(phases_of(R"("run" : 1, "timer0" : { "ref" : "unique", "period" : 20 },
      "timer1" : { "ref" : "uniqueB", "period" : 30, "mode" : "absolute" },
      "timer2" : { "ref" : "unique", "period" : 40, "mode" : "relative" })"),
            "run 1 #0 x0, timer 20 #0 x0, absolute 30 #1 x0, timer 40 #0 x0");
}

TEST(RtApp, tasks_share_mutexes_conditions_and_barriers_by_name) {
  const RtApp result = imported(R"({ "tasks" : {
    "a" : { "lock" : "m", "sync" : { "ref" : "c", "mutex" : "m" }, "unlock" : "m",
            "barrier" : "b" },
    "b" : { "instance" : 2, "lock" : "m", "wait" : { "ref" : "c", "mutex" : "m" }, "broad" : "c",
            "unlock" : "m", "barrier" : "b", "suspend" : "", "resume" : "b" } } })",
                                10);
  ASSERT_EQ(result.tasks.size(), 2U);
  EXPECT_EQ(phases_of(result.tasks[0].work),
            "lock #10 x0, signal #11 x0, wait_on #11 x10, unlock #10 x0, barrier #12 x3");
  EXPECT_EQ(phases_of(result.tasks[1].work),
            "lock #10 x0, wait_on #11 x10, broadcast #11 x0, unlock #10 x0, barrier #12 x3, "
            "suspend #13 x0, broadcast #13 x0");
  EXPECT_EQ(result.next_resource, 14U);
}

TEST(RtApp, keys_of_a_task_become_those_of_its_group) {
  const RtApp result = imported(R"({ "tasks" : {
    "a" : { "instance" : 12, "policy" : "SCHED_IDLE", "priority" : -19, "cpus" : [3, 1, 3],
            "run" : 1 },
    "b" : { "run" : 1 } },
    "resources" : {},
    "global" : { "default_policy" : "SCHED_BATCH", "duration" : 6, "calibration" : "CPU0",
                 "frag" : 1, "pi_enabled" : false } })");
  ASSERT_EQ(result.tasks.size(), 2U);
  const WorkGroup& a = result.tasks[0].work;
  EXPECT_EQ(result.tasks[0].name, "a");
  EXPECT_EQ(a.type, WorkType::kSequence);
  EXPECT_EQ(a.workers, 12U);
  EXPECT_EQ(a.policy, SchedClass::kIdle);
  EXPECT_EQ(a.nice, -19);
  EXPECT_EQ(std::get<ExactAffinity>(a.affinity).cpus, (std::vector<std::uint32_t>{1, 3}));
  EXPECT_EQ(result.tasks[1].work.policy, SchedClass::kBatch);
  EXPECT_TRUE(std::holds_alternative<InheritAffinity>(result.tasks[1].work.affinity));
  EXPECT_EQ(result.duration_ns, 6'000'000'000);
}

TEST(RtApp, refuses_what_cannot_be_said_in_phases) {
  EXPECT_EQ(errors_of(task("\"run\" : 1,\n\"mem\" : 5,\n\"iorun\" : 5,\n\"fork1\" : \"x\"")),
            "3:1: unsupported event \"mem\"\n4:1: unsupported event \"iorun\"\n"
            "5:1: unsupported event \"fork1\"\n");
  EXPECT_EQ(errors_of(task("\"run\" : 1,\n\"policy\" : \"SCHED_FIFO\", \"dl-runtime\" : 5")),
            "3:12: unsupported policy \"SCHED_FIFO\"\n3:26: unsupported key \"dl-runtime\"\n");
  EXPECT_EQ(errors_of(R"({ "global" : { "pi_enabled" : true,
 "default_policy" : "SCHED_RR" }, "tasks" : { "t" : { "run" : 1 } } })"),
            "1:31: priority inheritance is unsupported\n2:21: unsupported policy \"SCHED_RR\"\n");
  EXPECT_EQ(errors_of(task("\"phases\" : { \"p\" : {\n\"cpus\" : [1], \"run\" : 1 } }")),
            "3:1: unsupported: \"cpus\" of a phase\n");
  EXPECT_EQ(
      errors_of(task("\"instance\" : 2,\n\"timer\" : { \"ref\" : \"tick\", \"period\" : 1 }")),
      "3:21: several tasks share the timer \"tick\": unsupported\n");
}

TEST(RtApp, refuses_keys_that_are_unknown_misplaced_or_given_twice) {
  EXPECT_EQ(errors_of(task("\"exec\" : 5000,\n\"run\" : 1, \"runs\" : 2")),
            "2:1: unknown key \"exec\" in \"t\"\n3:12: unknown key \"runs\" in \"t\"\n");
  EXPECT_EQ(errors_of(task("\"phases\" : { \"p\" : {\n\"delay\" : 5, \"run\" : 1 } }")),
            "3:1: \"delay\" is misplaced in a phase\n");
  EXPECT_EQ(errors_of(task("\"run\" : 1,\n\"phases\" : { \"p\" : { \"run\" : 1 } }")),
            "2:1: \"run\" stands beside \"phases\"\n");
  EXPECT_EQ(errors_of(task("\"loop\" : 1, \"run\" : 1,\n\"loop\" : 2")),
            "3:1: \"loop\" is given twice\n");
  EXPECT_EQ(errors_of("{ \"tasks\" : { \"t\" : { \"run\" : 1 },\n\"t\" : { \"run\" : 1 } } }"),
            "2:1: there is another task \"t\"\n");
  EXPECT_EQ(errors_of("{ \"task\" : {} }"), "1:1: there is no \"tasks\": nothing would be run\n"
                                            "1:3: unknown key \"task\" in an rt-app file\n");
  EXPECT_EQ(errors_of(task("\"timer\" : { \"ref\" : \"unique\", \"periods\" : 1 }")),
            "2:31: unknown key \"periods\" in \"timer\"\n");
  EXPECT_EQ(errors_of("{ \"tasks\" : {}, \"global\" : { \"durations\" : 1 } }"),
            "1:13: there are no tasks\n1:30: unknown key \"durations\" in \"global\"\n");
}

TEST(RtApp, refuses_wrong_types_and_values_out_of_range) {
  EXPECT_EQ(errors_of("[]"), "1:1: an rt-app file is one object, not a list\n");
  EXPECT_EQ(errors_of(task("\"run\" : \"5\"")), "2:9: \"run\" must be an integer, not a string\n");
  EXPECT_EQ(errors_of(task("\"run\" : 1.5")), "2:9: \"run\" must be an integer, not a number\n");
  EXPECT_EQ(errors_of(task("\"run\" : -1")), "2:9: \"run\" is -1, out of range\n");
  EXPECT_EQ(errors_of(task("\"sleep\" : 3600000001")),
            "2:11: \"sleep\" is 3600000001, out of range\n");
  EXPECT_EQ(errors_of(task("\"run\" : 1, \"loop\" : 0")), "2:21: a loop of 0 rounds\n");
  EXPECT_EQ(errors_of(task("\"run\" : 1, \"instance\" : 5000")),
            "2:25: \"instance\" is 5000, out of range\n");
  EXPECT_EQ(errors_of(task("\"run\" : 1, \"priority\" : 20")),
            "2:25: \"priority\" is 20, out of range\n");
  EXPECT_EQ(errors_of(task("\"run\" : 1, \"cpus\" : []")), "2:21: no CPUs to run on\n");
  EXPECT_EQ(errors_of(task("\"lock\" : \"\"")), "2:10: \"lock\" needs a name\n");
  EXPECT_EQ(errors_of(task("\"suspend\"")).substr(0, 5), "3:1: ");
}

TEST(RtApp, refuses_events_that_would_block_for_ever) {
  EXPECT_EQ(errors_of(task("\"lock\" : \"m\", \"run\" : 1")),
            "2:1: the mutex \"m\" is still held at the phase's end\n");
  EXPECT_EQ(errors_of(task("\"run\" : 1, \"unlock\" : \"m\"")),
            "2:23: the mutex \"m\" is not held here\n");
  EXPECT_EQ(errors_of(task("\"lock\" : \"m\", \"lock1\" : \"m\", \"unlock\" : \"m\"")),
            "2:25: the mutex \"m\" is held already\n");
  EXPECT_EQ(errors_of(task("\"run\" : 1, \"wait\" : { \"ref\" : \"c\", \"mutex\" : \"m\" }")),
            "2:46: the mutex \"m\" is not held here\n");
  EXPECT_EQ(errors_of(task("\"run\" : 1, \"resume\" : \"u\", \"signal\" : \"c\"")),
            "2:23: no task suspends on \"u\"\n2:39: no task waits for \"c\"\n");
  EXPECT_EQ(errors_of(task("\"phases\" : { \"p\" : { \"loop\" : -1, \"run\" : 1 },\n"
                           "\"q\" : { \"run\" : 1 } }")),
            "2:31: an endless phase before another one\n");
}

TEST(RtApp, refuses_more_events_than_a_sequence_holds) {
  std::string events = "\"run\" : 1";
  for (int i = 0; i < 64; ++i) {
    events += ", \"run" + std::to_string(i) + "\" : 1";
  }
  EXPECT_EQ(errors_of(task(events)), "1:15: the task \"t\" has 65 events\n");
}

TEST(RtApp, ends_on_any_damaged_file) {
  const std::string whole = R"({ "tasks" : { "a" : { "loop" : 2, "phases" : { "p" : { "run" : 5,
    "lock" : "m", "unlock" : "m", "timer" : { "ref" : "unique", "period" : 9 } } } } } })";
  std::mt19937 random(3); // NOLINT(bugprone-random-generator-seed): the same texts each time
  for (int round = 0; round < 2'000; ++round) {
    std::string text = whole;
    for (auto damages = random() % 4; damages > 0; --damages) {
      text[random() % text.size()] = whole[random() % whole.size()];
    }
    const RtApp result = import_rt_app(text, 0);
    for (const ImportedTask& each : result.tasks) {
      EXPECT_LE(each.work.phases.size(), text.size());
    }
    EXPECT_TRUE(!result.problems.empty() || !result.tasks.empty()) << text;
  }
}

} // namespace
} // namespace schedrig::import
