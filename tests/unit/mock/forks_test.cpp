// SPDX-License-Identifier: MIT
// Templates of mock: a copy is the machine, down to the last event, and knows nothing of the one
// that it was taken from.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "plugins/schedulers/fifo/policy.hpp"
#include "tests/unit/mock/machine_fixture.hpp"

namespace schedrig::mock::test {
namespace {

using fifo::Fifo;

constexpr std::int64_t kMs = 1'000'000;
constexpr std::int64_t kSecond = 1000 * kMs;
const std::string kBusy = kCgroups + "/busy";

Topology small() {
  return Topology::uniform(2, 2, 2, 1);
}

struct Destroy {
  void operator()(Template* saved) const { MockForks().destroy_template(saved); }
};
using TemplatePtr = std::unique_ptr<Template, Destroy>;

TemplatePtr save(TestMachine& machine) {
  Template* saved = nullptr;
  const Status status = MockForks().save(machine.machine(), kSecond, &saved);
  EXPECT_TRUE(status.ok()) << status.message;
  return TemplatePtr(saved);
}

Status reset(TestMachine& machine, std::uint64_t seed) {
  return MockForks().reset(machine.machine(), seed, kSecond);
}

struct Nobody final : FactSink {
  void on_fact(std::string_view key, std::string_view value) noexcept override {
    facts.emplace_back(key, value);
  }
  std::vector<std::pair<std::string, std::string>> facts;
};

// Every file below, with what reading it says.
std::string all_files(TestMachine& machine, const std::string& directory) {
  std::string text;
  std::string names = machine.file(FileOpKind::kList, directory).data;
  while (!names.empty()) {
    const std::string name = names.substr(0, names.find('\n'));
    names.erase(0, name.size() + 1);
    const std::string path = directory + "/" + name;
    if (name.back() == '/') {
      text += all_files(machine, path.substr(0, path.size() - 1));
    } else {
      const Reply reply = machine.read(path);
      text += path + ": " + std::to_string(reply.error) + " " + reply.data + "\n";
    }
  }
  return text;
}

std::string everything(TestMachine& machine) {
  std::string text =
      all_files(machine, "/proc") + all_files(machine, "/sys") + all_files(machine, kCgroups);
  for (const auto& [key, value] : machine.facts()) {
    text += key == "sim.clock_ns" ? "" : key + "=" + value + "\n"; // counts from each one's boot
  }
  return text;
}

// Work with a scheduler on a machine that has done nothing yet, and all that it reports.
std::string story(TestMachine& machine) {
  EXPECT_TRUE(machine.attach<Fifo>("fifo").ok());
  EXPECT_EQ(machine.mkdir(kBusy), 0);
  const auto spinners = machine.run_work(work(WorkType::kSpin, 5), kBusy);
  const auto sleepers = machine.run_work(work(WorkType::kBursty, 3));
  const auto faulters = machine.run_work(default_work(WorkType::kPageFaultChurn));
  machine.run_for(kSecond);
  std::string text;
  for (const std::uint32_t group : {spinners, sleepers, faulters}) {
    for (const OwnedReport& each : machine.stop(group)) {
      text += std::to_string(each.report.work_units) + " " + std::to_string(each.report.cpu_ns) +
              " " + std::to_string(each.report.run_delay_ns);
      for (const Gap& gap : each.gaps) {
        text += " " + std::to_string(gap.start_ns) + "+" + std::to_string(gap.length_ns);
      }
      text += "\n";
    }
  }
  return text + everything(machine) + machine.fact("sim.clock_ns");
}

// 64 workers of every type, some of them frozen, throttled or confined, payloads and moved
// interrupts, in the middle of it all.
void make_busy(TestMachine& machine) {
  ASSERT_EQ(machine.write(kCgroups + "/cgroup.subtree_control", "+cpu +cpuset"), 0);
  for (const char* name : {"/busy", "/frozen", "/limited"}) {
    ASSERT_EQ(machine.mkdir(kCgroups + name), 0);
  }
  ASSERT_EQ(machine.write(kBusy + "/cpuset.cpus", "1-3"), 0);
  ASSERT_EQ(machine.write(kCgroups + "/limited/cpu.max", "20000 100000"), 0);
  ASSERT_EQ(machine.write("/proc/irq/4/smp_affinity_list", "2"), 0);
  std::uint32_t workers = 0;
  std::vector<WorkPhase> phases = {{.kind = PhaseKind::kSpin, .duration_ns = 3 * kMs},
                                   {.kind = PhaseKind::kSleep, .duration_ns = kMs}};
  for (const WorkTypeInfo& info : work_types()) {
    WorkSpec spec = default_work(info.type);
    spec.workers = work_group_size(spec.type, spec.fan_out, spec.contenders);
    spec.phases = info.type == WorkType::kSequence ? std::span(phases) : std::span<WorkPhase>();
    machine.run_work(spec, workers % 3 == 0 ? kBusy : "");
    workers += spec.workers;
  }
  while (workers < 64) {
    machine.run_work(work(WorkType::kBursty, 2), kCgroups + "/limited");
    workers += 2;
  }
  machine.run_work(work(WorkType::kYield, 2), kCgroups + "/frozen");
  ASSERT_EQ(machine.write(kCgroups + "/frozen/cgroup.freeze", "1"), 0);
  std::uint32_t payload = 0;
  std::int32_t pid = 0;
  const std::vector<std::string_view> args = {"3"};
  const PayloadSpec sleep{.name = "sleep", .binary = "/bin/sleep", .args = args};
  ASSERT_TRUE(machine.payloads().spawn(sleep, &payload, &pid).ok());
  ASSERT_TRUE(machine.payloads().start(payload).ok());
  machine.run_for(777 * kMs + 777);
}

TEST(MockForks, a_fork_and_a_reset_machine_tell_the_story_of_a_booted_one_byte_for_byte) {
  TestMachine booted(small(), 7);
  const TemplatePtr saved = save(booted);
  const std::string told = story(booted);
  TestMachine fork(*saved, small(), 7);
  EXPECT_EQ(story(fork), told);
  ASSERT_TRUE(reset(fork, 7).ok());
  ASSERT_TRUE(fork.machine().boot(kSecond).ok());
  EXPECT_EQ(story(fork), told);
}

TEST(MockForks, the_seed_of_a_fork_is_its_own) {
  TestMachine template_of(small(), 7);
  const TemplatePtr saved = save(template_of);
  TestMachine booted(small(), 8);
  const std::string told = story(booted);
  TestMachine fork(*saved, small(), 8);
  EXPECT_EQ(story(fork), told);
  TestMachine third(*saved, small(), 7);
  EXPECT_NE(story(third), told);
  ASSERT_TRUE(reset(third, 8).ok());
  ASSERT_TRUE(third.machine().boot(kSecond).ok());
  EXPECT_EQ(story(third), told);
}

TEST(MockForks, a_copy_of_a_busy_machine_goes_on_as_the_machine_does) {
  TestMachine machine(small());
  make_busy(machine);
  const TemplatePtr saved = save(machine);
  TestMachine fork(*saved, small());
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(everything(fork), everything(machine)) << "at " << fork.now();
    machine.run_for(333 * kMs);
    fork.run_for(333 * kMs);
  }
  TestMachine other(*saved, small(), 2);
  other.run_for(999 * kMs);
  EXPECT_NE(everything(other), everything(machine)) << "another seed, other choices";
}

TEST(MockForks, saving_changes_nothing) {
  TestMachine saved_often(small());
  TestMachine never_saved(small());
  for (TestMachine* machine : {&saved_often, &never_saved}) {
    make_busy(*machine);
  }
  for (int i = 0; i < 20; ++i) {
    save(saved_often);
    saved_often.run_for(17 * kMs);
    never_saved.run_for(17 * kMs);
  }
  EXPECT_EQ(everything(saved_often), everything(never_saved));
}

TEST(MockForks, forks_see_nothing_of_each_other_and_outlive_the_machine) {
  auto machine = std::make_unique<TestMachine>(small());
  make_busy(*machine);
  const TemplatePtr saved = save(*machine);
  machine.reset();
  TestMachine one(*saved, small());
  TestMachine two(*saved, small());
  EXPECT_EQ(one.mkdir(kCgroups + "/of_one"), 0);
  EXPECT_EQ(one.write("/proc/irq/8/smp_affinity_list", "3"), 0);
  EXPECT_EQ(one.write(kBusy + "/cgroup.kill", "1"), 0);
  one.run_for(kSecond);
  EXPECT_EQ(one.read(kBusy + "/cgroup.procs").data, "");
  EXPECT_EQ(two.read(kCgroups + "/of_one/cgroup.procs").error, ENOENT);
  EXPECT_EQ(two.read("/proc/irq/8/smp_affinity_list").data, "0-3\n");
  EXPECT_NE(two.read(kBusy + "/cgroup.procs").data, "");
}

TEST(MockForks, the_clock_of_a_fork_begins_at_its_own_boot) {
  TestMachine machine(small());
  make_busy(machine);
  TestMachine fork(*save(machine), small());
  EXPECT_EQ(fork.now(), 0);
  const std::uint32_t group = fork.run_work(work(WorkType::kSpin, 4));
  const std::int64_t started = fork.now();
  EXPECT_LT(started, 10 * kMs);
  EXPECT_EQ(fork.run_for(500 * kMs), WakeReason::kDeadline);
  EXPECT_EQ(fork.now(), started + 500 * kMs);
  EXPECT_GE(fork.read("/proc/version").at_ns, started + 500 * kMs);
  for (const OwnedReport& each : fork.stop(group)) {
    ASSERT_FALSE(each.gaps.empty());
    for (const Gap& gap : each.gaps) {
      EXPECT_GE(gap.start_ns, started - kMs);
      EXPECT_LE(gap.start_ns + gap.length_ns, fork.now());
    }
  }
}

TEST(MockForks, workers_of_the_template_run_on_without_a_group_and_are_reaped_at_their_ends) {
  TestMachine machine(small());
  const std::uint32_t group = machine.run_work(work(WorkType::kSpin, 2), "");
  const std::vector<std::int32_t> pids = machine.pids();
  TestMachine fork(*save(machine), small());
  fork.run_for(100 * kMs);
  EXPECT_EQ(fork.tasks().start(group).code, StatusCode::kNotFound);
  const std::uint32_t own = fork.run_work(work(WorkType::kSpin));
  EXPECT_NE(own, group) << "the old workers still go by that number";
  ASSERT_EQ(fork.mkdir(kBusy), 0);
  for (const std::int32_t pid : pids) {
    EXPECT_EQ(fork.write(kBusy + "/cgroup.procs", std::to_string(pid)), 0);
  }
  EXPECT_EQ(fork.write(kBusy + "/cgroup.kill", "1"), 0);
  fork.run_for(100 * kMs);
  for (const std::int32_t pid : pids) {
    EXPECT_EQ(fork.read("/proc/" + std::to_string(pid) + "/stat").error, ENOENT);
  }
  EXPECT_EQ(fork.stop(own).size(), 1U);
  EXPECT_EQ(machine.stop(group).size(), 2U);
}

TEST(MockForks, who_has_ended_before_the_save_is_gone_in_a_fork) {
  TestMachine machine(small());
  std::uint32_t payload = 0;
  std::int32_t pid = 0;
  const PayloadSpec spec{.name = "true", .binary = "true", .args = {}};
  ASSERT_TRUE(machine.payloads().spawn(spec, &payload, &pid).ok());
  ASSERT_TRUE(machine.payloads().start(payload).ok());
  machine.run_for(kSecond);
  const std::string stat = "/proc/" + std::to_string(pid) + "/stat";
  ASSERT_EQ(machine.read(stat).error, 0) << "a zombie until it is collected";
  TestMachine fork(*save(machine), small());
  EXPECT_EQ(fork.read(stat).error, ENOENT);
  PayloadWake why = PayloadWake::kEvent;
  EXPECT_EQ(fork.payloads().wait(payload, 0, &why).code, StatusCode::kNotFound);
}

TEST(MockForks, a_reset_takes_a_machine_back_from_wherever_it_was) {
  TestMachine machine(small());
  ASSERT_EQ(machine.mkdir(kBusy), 0);
  const TemplatePtr saved = save(machine);
  TestMachine fork(*saved, small());
  const std::string fresh = everything(fork);
  for (const bool ended : {false, true}) {
    ASSERT_TRUE(reset(fork, 1).ok());
    ASSERT_TRUE(fork.machine().boot(kSecond).ok());
    EXPECT_EQ(everything(fork), fresh);
    ASSERT_TRUE(fork.attach<Fifo>("fifo").ok());
    fork.run_work(work(WorkType::kPipeIo, 4), kBusy);
    fork.run_for(100 * kMs);
    fork.machine().interrupt();
    if (ended) {
      ASSERT_TRUE(fork.machine().shut_down(kSecond).ok());
    }
  }
  ASSERT_TRUE(reset(fork, 1).ok());
  WakeReason reason = WakeReason::kEvent;
  EXPECT_EQ(fork.machine().wait_until(kSecond, &reason).code, StatusCode::kInvalidArgument);
  ASSERT_TRUE(fork.machine().boot(kSecond).ok());
  EXPECT_EQ(everything(fork), fresh);
}

TEST(MockForks, a_machine_that_booted_itself_cannot_be_reset) {
  TestMachine machine(small());
  EXPECT_EQ(reset(machine, 1).code, StatusCode::kInvalidArgument);
}

TEST(MockForks, a_machine_with_a_scheduler_is_not_saved_and_says_why) {
  TestMachine machine(small());
  ASSERT_TRUE(machine.attach<Fifo>("fifo").ok());
  Template* saved = nullptr;
  Status status = MockForks().save(machine.machine(), kSecond, &saved);
  EXPECT_EQ(status.code, StatusCode::kUnsupported);
  EXPECT_NE(std::string(status.message).find("'fifo'"), std::string::npos);
  ASSERT_TRUE(machine.schedulers().detach(kSecond).ok());
  EXPECT_NE(save(machine), nullptr);
  ASSERT_TRUE(machine.machine().shut_down(kSecond).ok());
  status = MockForks().save(machine.machine(), kSecond, &saved);
  EXPECT_EQ(status.code, StatusCode::kInvalidArgument);
}

TEST(MockForks, a_template_lives_in_memory_only) {
  TestMachine machine(small());
  const TemplatePtr saved = save(machine);
  EXPECT_EQ(MockForks().store(*saved, "/nowhere").code, StatusCode::kUnsupported);
  Template* loaded = nullptr;
  EXPECT_EQ(MockForks().load("/nowhere", machine.spec(1), &loaded).code, StatusCode::kUnsupported);
}

TEST(MockForks, the_fields_are_those_that_a_boot_depends_on) {
  TestMachine machine(small());
  const auto fields = [](const MachineSpec& spec) {
    Nobody sink;
    EXPECT_TRUE(MockForks().template_fields(spec, sink).ok());
    return sink.facts;
  };
  const auto first = fields(machine.spec(1));
  EXPECT_EQ(fields(machine.spec(2)), first);
  MachineSpec larger = machine.spec(1);
  larger.memory_bytes *= 2;
  EXPECT_NE(fields(larger), first);
  Topology far = small();
  far.distances[1] = far.distances[2] = 30;
  MachineSpec farther = machine.spec(1);
  farther.topology = far.view();
  EXPECT_NE(fields(farther), first);
}

TEST(MockForks, a_template_of_another_machine_is_refused_with_the_field) {
  TestMachine machine(small());
  const TemplatePtr saved = save(machine);
  class NoEvents final : public EventSink {
   public:
    void on_event(const Event& /*event*/) noexcept override {}
  } events;
  MachineSpec larger = machine.spec(1);
  larger.memory_bytes = 1U << 29U;
  Machine* made = nullptr;
  const Status status = MockForks().create_machine(*saved, larger, events, &made);
  EXPECT_EQ(status.code, StatusCode::kInvalidArgument);
  const std::string message = status.message;
  EXPECT_NE(message.find("memory_bytes is \"1073741824\", not \"536870912\""), std::string::npos)
      << message;
  EXPECT_EQ(message.find("topology"), std::string::npos) << message;
}

} // namespace
} // namespace schedrig::mock::test
