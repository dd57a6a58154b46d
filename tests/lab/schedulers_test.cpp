// SPDX-License-Identifier: MIT
// sched_ext schedulers on a real kernel, from a config to the report. The rules of attach, detach
// and exit are the contract suite's.
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/json/text.hpp"
#include "tests/lab/kvm_runs.hpp"
#include "tests/lab/payload_run.hpp"
#include "tests/unit/apt/temp_dir.hpp"

namespace schedrig::lab {
namespace {

using ::testing::HasSubstr;

std::filesystem::path objects() {
  return std::filesystem::path(options().schedrig).parent_path().parent_path() /
         "lib/schedrig/plugins/scx";
}

std::string config(const std::string& run, const std::string& params) {
  return "schema = 1\n[run]\nname = \"own\"\nbackend = \"kvm\"\nscheduler = \"mine\"\n"
         "deadline = \"300s\"\n" +
         run +
         "\n[machine]\ntopology = \"1n1l2c1t\"\nmemory = \"384MiB\"\n"
         "[[scheduler]]\nname = \"mine\"\nplugin = \"scx\"\nobject = \"" +
         (objects() / "faulty.bpf.o").string() + "\"\nparams = { " + params +
         " }\n[[step]]\nname = \"one\"\nhold = \"3s\"\n";
}

TEST(Schedulers, are_attached_replaced_restarted_and_detached) {
  const test::CommandResult result = run_on_kvm(options().configs / "kvm/schedulers.toml");
  ASSERT_EQ(result.exit_code, 0) << result.err << result.out;
  for (const char* line :
       {"scheduler fifo attached at", "scheduler fifo detached at", "gap without a scheduler",
        "scheduler vtime detached at", "scheduler central detached at"}) {
    EXPECT_THAT(result.out, HasSubstr(line)) << result.out;
  }
}

TEST(Schedulers, an_object_of_ones_own_is_loaded_with_its_globals) {
  const test::TempDir temp;
  const std::string file =
      temp.write("own.toml",
                 config("expect = \"scheduler_exit\"\n"
                        "expect_exit = { kind = \"unreg_bpf\", message = \"bye, all\" }",
                        "fault = \"FAULT_EXIT\", after_ns = 1500000000, message = \"bye, all\""))
          .string();
  const test::CommandResult result = run_on_kvm(file);
  EXPECT_EQ(result.exit_code, 0) << result.err << result.out;
}

TEST(Schedulers, a_global_that_the_object_lacks_is_refused_with_those_that_it_has) {
  const test::TempDir temp;
  const std::string file = temp.write("own.toml", config("", "slice = 1")).string();
  const test::CommandResult result = run_on_kvm(file);
  EXPECT_EQ(result.exit_code, 1) << result.out;
  EXPECT_THAT(result.err + result.out, HasSubstr("the object has no global slice; it has"));
}

// The text of the file at the path that the report gives to its only snapshot.
Result<json::Value> only_snapshot(const json::Value& report) {
  const auto* const all = report.find("snapshots")->as_array();
  if (all->size() != 1) {
    return fail(StatusCode::kNotFound, std::to_string(all->size()) + " snapshots");
  }
  return json::parse(text_of(*all->front().find("file")->as_string()), "snapshot");
}

std::size_t waiting_in(const json::Value& snapshot, const std::string& kind) {
  std::size_t waiting = 0;
  for (const json::Value& queue : *snapshot.find("dsqs")->as_array()) {
    if (*queue.find("kind")->as_string() == kind) {
      waiting += queue.find("tasks")->as_array()->size();
    }
  }
  return waiting;
}

// Functions on the stacks of all vCPUs.
std::string stacks(const json::Value& snapshot) {
  std::string all;
  for (const json::Value& vcpu : *snapshot.find("vcpus")->as_array()) {
    for (const json::Value& frame : *vcpu.find("stack")->as_array()) {
      all += json::to_document(frame);
    }
  }
  return all;
}

// Its queue is full of spinners when it names one that does not exist. Behind the kernel's way out
// of it, all of them are on other queues.
TEST(SchedulerDeath, is_seen_at_the_write_with_all_tasks_where_they_waited) {
  const test::TempDir temp;
  const auto report = temp.path() / "report.json";
  // The spinners run before it is attached, however slow the machine is.
  std::string text = config("expect = \"scheduler_exit\"\nexpect_exit = { kind = \"error\" }",
                            "fault = \"FAULT_UNKNOWN_DSQ\", after_ns = 5000000000");
  text.replace(text.find("scheduler = \"mine\"\n"), 19, "");
  text.replace(text.find("hold = \"3s\""), 11,
               "hold = \"15s\"\nop = [ { kind = \"attach_scheduler\", scheduler = \"mine\" } ]");
  text += "[[backdrop.cgroup]]\nname = \"queue\"\n"
          "work = [ { type = \"spin\", workers = 8 } ]\n";
  const std::string file = temp.write("dies.toml", text).string();
  const test::CommandResult result = run_on_kvm(file, {"--json", report.string()});
  ASSERT_EQ(result.exit_code, 0) << result.err << result.out;
  const auto document = json::parse(text_of(report), "report");
  ASSERT_TRUE(document) << document.error().message;
  const json::Value& event = document->find("scheduler_events")->as_array()->back();
  const json::Value& exit = *event.find("exit");
  ASSERT_NE(exit.find("snapshot_by")->as_string(), nullptr) << json::to_document(exit);
  EXPECT_EQ(*exit.find("snapshot_by")->as_string(), "watch") << json::to_document(exit);
  const auto snapshot = only_snapshot(*document);
  ASSERT_TRUE(snapshot) << snapshot.error().message;
  EXPECT_GT(waiting_in(*snapshot, "user"), 0U) << json::to_document(*snapshot->find("dsqs"));
  EXPECT_THAT(stacks(*snapshot), HasSubstr("scx_")) << "who has found out";
}

// What follows is about loaders: programs that attach the scheduler which they hold.
std::string scheduler(const std::string& name, const std::string& args) {
  return "[[scheduler]]\nname = \"" + name + "\"\nplugin = \"scx\"\nbinary = \"" +
         options().loader_program + "\"\nargs = [" + args + "]\n";
}

std::string loaders(const std::string& run, const std::string& rest) {
  return "schema = 1\n[run]\nname = \"loaders\"\nbackend = \"kvm\"\ndeadline = \"300s\"\n" + run +
         "\n[machine]\ntopology = \"1n1l2c1t\"\nmemory = \"384MiB\"\n" + rest;
}

// A program of this host for the guest; and one payload with it.
std::string payload(const std::string& name, const std::string& binary, const std::string& more) {
  return "[[payload]]\nname = \"" + name + "\"\nbinary = \"" + binary + "\"\n" + more + "\n";
}

std::string script(const test::TempDir& temp, const std::string& name,
                   const std::string& commands) {
  const auto file = temp.write(name, "#!/bin/sh\n" + commands);
  std::filesystem::permissions(file, std::filesystem::perms::owner_all);
  return file.string();
}

// Loops of a script until the kernel says that a scheduler is attached.
constexpr const char* kUntilAttached =
    "while read -r state < /sys/kernel/sched_ext/state && [ \"$state\" != enabled ]; do :; done\n";

TEST(SchedulerLoaders, take_arguments_and_those_that_hang_are_killed_when_they_are_detached) {
  const test::TempDir temp;
  const std::string steps = R"(
[[scheduler]]
name = "hangs"
plugin = "faulty"
params = { fault = "hang" }
[[step]]
name = "arguments"
op = [ { kind = "attach_scheduler", scheduler = "keeps" } ]
hold = "500ms"
[[step]]
name = "stopped"
op = [ { kind = "replace_scheduler", scheduler = "stops" } ]
hold = "500ms"
[[step]]
name = "hanging"
op = [ { kind = "replace_scheduler", scheduler = "hangs" }, { kind = "detach_scheduler" } ]
)";
  const test::CommandResult result = run_on_kvm(
      temp.write("run.toml", loaders("", scheduler("keeps", "\"keep\", \"slice_ns=5000000\"") +
                                             scheduler("stops", "\"stop_after\"") + steps)));
  EXPECT_EQ(result.exit_code, 0) << result.err << result.out;
  for (const char* line :
       {"scheduler keeps attached at", "scheduler keeps detached at", "scheduler stops attached at",
        "scheduler stops detached at", "scheduler hangs detached at"}) {
    EXPECT_THAT(result.out, HasSubstr(line)) << result.out;
  }
}

TEST(SchedulerLoaders, that_end_with_a_complaint_are_told_with_it) {
  const test::TempDir temp;
  const test::CommandResult result = run_on_kvm(temp.write(
      "run.toml", loaders("scheduler = \"mine\"", scheduler("mine", "\"keep\", \"slyce=1\"") +
                                                      "[[step]]\nname = \"one\"\n")));
  EXPECT_EQ(result.exit_code, 1) << result.out;
  EXPECT_THAT(result.err + result.out, HasSubstr("its loader ended with exit status 1"));
  EXPECT_THAT(result.err + result.out, HasSubstr("the object has no global slyce"));
}

TEST(SchedulerLoaders, that_are_killed_take_their_scheduler_with_them_which_is_an_exit) {
  const test::TempDir temp;
  const std::string killer =
      script(temp, "killer",
             "for each in /proc/[0-9]*; do\n"
             "  read -r name < $each/comm && [ \"$name\" = loader_program ] && kill -9 "
             "${each#/proc/}\ndone\n:\n");
  const test::CommandResult result = run_on_kvm(temp.write(
      "run.toml",
      loaders(
          "scheduler = \"mine\"\nexpect = \"scheduler_exit\"\nexpect_exit = { kind = \"unreg\", "
          "message = \"killed by signal 9\" }",
          scheduler("mine", "\"keep\"") + payload("killer", killer, "") +
              "[[step]]\nname = \"one\"\nop = [ { kind = \"run_payload\", payload = \"killer\" }, "
              "{ kind = \"wait_payload\", name = \"killer\", timeout = \"60s\" } ]\nhold = "
              "\"2s\"\n")));
  EXPECT_EQ(result.exit_code, 0) << result.err << result.out;
}

class LoadersThatAttachNothing
    : public testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(LoadersThatAttachNothing, are_named_with_what_they_do_when_the_time_is_up) {
  const test::TempDir temp;
  const auto [how, state] = GetParam();
  const test::CommandResult result = run_on_kvm(temp.write(
      "run.toml",
      loaders("", scheduler("mine", "\"" + std::string(how) + "\"") +
                      "[[step]]\nname = \"one\"\nop = [ { kind = "
                      "\"attach_scheduler\", scheduler = \"mine\", timeout = \"15s\" } ]\n")));
  EXPECT_EQ(result.exit_code, 1) << result.out;
  EXPECT_THAT(result.out, HasSubstr("not attached in time: sched_ext is disabled; its loader " +
                                    options().loader_program + ", pid "));
  EXPECT_THAT(result.out, HasSubstr(state));
}

INSTANTIATE_TEST_SUITE_P(All, LoadersThatAttachNothing,
                         testing::Values(std::pair("never", "sleeps (S)"),
                                         std::pair("stop_before", "is stopped (T)")),
                         [](const auto& each) { return std::string(each.param.first); });

// Once by the kernel, which refuses a second loader; once before one is started.
TEST(SchedulerLoaders, come_second_and_are_told_which_one_is_attached) {
  const test::TempDir temp;
  const std::string ours = (objects().parent_path() / "kvm/schedrig-scx").string();
  const std::string object = (objects() / "fifo.bpf.o").string();
  const std::string waits = script(temp, "waits", kUntilAttached);
  const std::string payloads =
      payload("second", ours, "default_args = [\"" + object + "\"]\nfiles = [\"" + object + "\"]") +
      payload("first", options().loader_program, "default_args = [\"keep\"]") +
      payload("waits", waits, "");
  const std::string steps = R"(
[[step]]
name = "by the kernel"
op = [
  { kind = "attach_scheduler", scheduler = "central" },
  { kind = "run_payload", payload = "second" },
  { kind = "wait_payload", name = "second", timeout = "60s" },
  { kind = "detach_scheduler" },
]
[[step]]
name = "by the facet"
op = [
  { kind = "run_payload", payload = "first" },
  { kind = "run_payload", payload = "waits" },
  { kind = "wait_payload", name = "waits", timeout = "60s" },
  { kind = "attach_scheduler", scheduler = "fifo" },
]
)";
  const auto report = temp.path() / "report.json";
  const test::CommandResult result = run_on_kvm(
      temp.write("run.toml", loaders("", payloads + steps)), {"--json", report.string()});
  EXPECT_EQ(result.exit_code, 1) << result.out;
  EXPECT_THAT(text_of(report), HasSubstr("scheduler 'central' is attached"));
  EXPECT_THAT(result.out, HasSubstr("scheduler 'vtime' is attached")) << result.err;
}

} // namespace
} // namespace schedrig::lab
