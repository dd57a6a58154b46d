// SPDX-License-Identifier: MIT
// kvm_fork_test: machines that start from a template of a booted one, through the fork facet: each
// is a machine of its own, with its own random numbers, and all that a booted one can do.
//
// kvm_fork_test --agent=PROGRAM [--forks=N] [--starts=N] [gtest options], in the emulated host.
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <iostream>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "backend/fork_facet.hpp"
#include "host/kernel/kernel_cache.hpp"
#include "tests/lab/machine_sinks.hpp"
#include "tests/lab/named_arguments.hpp"

namespace schedrig::kvm {
namespace {

using lab::Events;
using lab::Pids;
using lab::Text;

constexpr std::int64_t kBootNs = 180'000'000'000;
constexpr std::int64_t kAnswerNs = 30'000'000'000;
constexpr std::uint32_t kCpus = 4;
// Four workers get their turns in it on an emulated host's two CPUs.
constexpr std::int64_t kWorkNs = 200'000'000;
constexpr double kRoundingSeconds = 2; // of btime and of time(2), a second each

std::string agent_path;
int forks_wanted = 0;
int starts_wanted = 0;

class Facts final : public FactSink {
 public:
  void on_fact(std::string_view key, std::string_view value) noexcept override {
    all[std::string(key)] = value;
  }
  std::map<std::string, std::string> all;
};

class Reports final : public WorkerReportSink {
 public:
  void on_report(const WorkerReport& report) noexcept override {
    completed += report.completed;
    busy += report.cpu_ns > 0 ? 1 : 0;
  }
  std::uint32_t completed = 0;
  std::uint32_t busy = 0;
};

class ForkFacetTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    const auto cache = kernel::KernelCache::open();
    ASSERT_TRUE(cache.has_value()) << cache.error().message;
    const auto kernel = cache->find({});
    ASSERT_TRUE(kernel.has_value()) << kernel.error().message;
    kernel_ = kernel->image.string();
    fork_ = std::make_unique<KvmFork>(agent_path);
    spec_.topology = topology_.view();
    spec_.memory_bytes = 256ULL << 20;
    spec_.kernel_image = kernel_;
    Events events;
    const auto options = machine_options(spec_, agent_path);
    ASSERT_TRUE(options.has_value());
    auto parent = KvmMachine::create(spec_, *options, events);
    ASSERT_TRUE(parent.has_value()) << parent.error().message;
    (*parent)->set_template_fields(fork_->fields(spec_));
    Status status = (*parent)->boot(kBootNs);
    ASSERT_TRUE(status.ok()) << status.message << events.text;
    Template* saved = nullptr;
    status = fork_->save(**parent, kAnswerNs, &saved);
    ASSERT_TRUE(status.ok()) << status.message;
    // The parent has not noticed.
    EXPECT_EQ(read(**parent, "/proc/sys/kernel/ostype"), "Linux\n");
    EXPECT_TRUE((*parent)->shut_down(kAnswerNs).ok());
    // Through a directory: what is loaded is as good as what was saved.
    directory_ = std::filesystem::temp_directory_path() / "schedrig-fork-test";
    std::filesystem::create_directory(directory_);
    status = fork_->store(*saved, directory_.string());
    ASSERT_TRUE(status.ok()) << status.message;
    fork_->destroy_template(saved);
    const auto began = std::chrono::steady_clock::now();
    status = fork_->load(directory_.string(), spec_, &template_);
    ASSERT_TRUE(status.ok()) << status.message;
    std::cout << "load: "
              << std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - began)
                     .count()
              << " ms\n";
  }
  static void TearDownTestSuite() {
    if (template_ != nullptr) {
      fork_->destroy_template(template_);
    }
    std::filesystem::remove_all(directory_);
  }
  void SetUp() override { ASSERT_NE(template_, nullptr); }

  struct Destroy {
    void operator()(Machine* machine) const { KvmFork::destroy_machine(machine); }
  };
  using MachinePtr = std::unique_ptr<KvmMachine, Destroy>;

  static MachinePtr create(Events& events, std::uint64_t seed, const Template& from = *template_) {
    MachineSpec spec = spec_;
    spec.seed = seed;
    Machine* machine = nullptr;
    const Status status = fork_->create_machine(from, spec, events, &machine);
    EXPECT_TRUE(status.ok()) << status.message;
    return MachinePtr(static_cast<KvmMachine*>(machine));
  }
  static MachinePtr started(Events& events, std::uint64_t seed, const Template& from) {
    auto machine = create(events, seed, from);
    if (machine != nullptr) {
      const Status booted = machine->boot(kBootNs);
      EXPECT_TRUE(booted.ok()) << booted.message;
    }
    return machine;
  }
  static std::string read(Machine& machine, std::string_view path) {
    const FileOp op{.kind = FileOpKind::kRead, .path = path, .data = {}};
    Text text;
    const Status status =
        query<FilesFacet>(machine)->run(std::span(&op, 1), FileBatchMode::kAll, text);
    EXPECT_TRUE(status.ok()) << status.message;
    EXPECT_EQ(text.os_errno, 0) << path;
    return text.data;
  }
  static void expect_good_life(KvmMachine& machine, const Events& events,
                               std::set<std::string>& random_numbers, const std::string& which) {
    const auto before = static_cast<double>(std::time(nullptr));
    const Status booted = machine.boot(kBootNs);
    ASSERT_TRUE(booted.ok()) << which << ": " << booted.message;
    EXPECT_LT(machine.now_ns(), kAnswerNs) << "its clock begins with its own boot";
    // The kernel draws a new one at each read.
    EXPECT_TRUE(random_numbers.insert(read(machine, "/proc/sys/kernel/random/uuid")).second)
        << which << " has another's random number";
    auto& tasks = *query<TasksFacet>(machine);
    Pids pids;
    std::uint32_t group = 0;
    WorkSpec work;
    work.type = WorkType::kSpin;
    work.workers = kCpus;
    ASSERT_TRUE(tasks.spawn(work, &group, pids).ok()) << which;
    ASSERT_TRUE(tasks.start(group).ok()) << which;
    // It returns early for every event; a line on the console is one.
    const std::int64_t until_ns = machine.now_ns() + kWorkNs;
    while (machine.now_ns() < until_ns) {
      WakeReason reason{};
      ASSERT_TRUE(machine.wait_until(until_ns, &reason).ok()) << which;
    }
    Reports reports;
    ASSERT_TRUE(tasks.stop(group, kAnswerNs, reports).ok()) << which;
    EXPECT_EQ(reports.completed, kCpus) << which;
    EXPECT_EQ(reports.busy, kCpus) << which;
    for (const char* bad : {"soft lockup", "stall", "unstable", "BUG:", "WARNING:"}) {
      EXPECT_EQ(events.text.find(bad), std::string::npos) << which << ":\n" << events.text;
    }
    // Its wall clock is the host's of when the agent was told of it: btime has moved along.
    const double until_here = static_cast<double>(std::time(nullptr)) - before;
    const std::string stat = read(machine, "/proc/stat");
    const auto booted_at = std::strtoll(stat.c_str() + stat.find("btime ") + 6, nullptr, 10);
    const auto uptime = std::strtod(read(machine, "/proc/uptime").c_str(), nullptr);
    const double wall = static_cast<double>(booted_at) + uptime;
    EXPECT_GE(wall, before - kRoundingSeconds) << which << ", after " << until_here << " s";
    EXPECT_LE(wall, static_cast<double>(std::time(nullptr)) + kRoundingSeconds) << which;
  }

  static inline Topology topology_ = Topology::uniform(1, 2, kCpus / 2, 1);
  static inline MachineSpec spec_;
  static inline std::string kernel_;
  static inline std::unique_ptr<KvmFork> fork_;
  static inline Template* template_ = nullptr;
  static inline std::filesystem::path directory_;
};

// VMs of this process.
std::size_t open_vms() {
  std::size_t count = 0;
  std::error_code error;
  for (const auto& fd : std::filesystem::directory_iterator("/proc/self/fd", error)) {
    const std::string target = std::filesystem::read_symlink(fd.path(), error).string();
    count += target.starts_with("anon_inode:kvm-vm") ? 1 : 0;
  }
  return count;
}

// The pool's thread takes its time; no longer than this.
std::size_t vms_once_there_are(std::size_t wanted) {
  const auto latest = std::chrono::steady_clock::now() + std::chrono::nanoseconds(kAnswerNs);
  while (open_vms() != wanted && std::chrono::steady_clock::now() < latest) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return open_vms();
}

// First, so that no machine is left of other tests.
TEST_F(ForkFacetTest, one_machine_is_made_ahead_and_old_ones_are_closed_behind) {
  ASSERT_EQ(open_vms(), 0U);
  Template* loaded = nullptr;
  ASSERT_TRUE(fork_->load(directory_.string(), spec_, &loaded).ok());
  Events events;
  started(events, 1, *loaded).reset();
  EXPECT_EQ(vms_once_there_are(0), 0U) << "a template that is asked for once has no spare";
  auto second = started(events, 2, *loaded);
  EXPECT_EQ(vms_once_there_are(2), 2U) << "the next is made ahead";
  auto third = create(events, 3, *loaded);
  EXPECT_EQ(open_vms(), 2U) << "it is the spare";
  ASSERT_TRUE(third->boot(kBootNs).ok());
  EXPECT_EQ(read(*third, "/proc/sys/kernel/ostype"), "Linux\n");
  EXPECT_EQ(vms_once_there_are(3), 3U);
  for (std::uint64_t i = 4; i < 10; ++i) {
    third = started(events, i, *loaded);
    // Two that live, the spare, one that is being closed.
    EXPECT_LE(open_vms(), 4U);
  }
  second.reset();
  third.reset();
  EXPECT_EQ(vms_once_there_are(1), 1U) << "the spare is left";
  fork_->destroy_template(loaded);
  EXPECT_EQ(vms_once_there_are(0), 0U);
}

TEST_F(ForkFacetTest, each_fork_and_each_life_is_a_machine_of_its_own) {
  std::set<std::string> random_numbers;
  for (int i = 0; i < forks_wanted; ++i) {
    Events events;
    const auto machine = create(events, static_cast<std::uint64_t>(i));
    ASSERT_NE(machine, nullptr);
    const std::string which = "fork " + std::to_string(i);
    ASSERT_NO_FATAL_FAILURE(expect_good_life(*machine, events, random_numbers, which));
    Facts facts;
    machine->describe(facts);
    EXPECT_EQ(facts.all["start"], "fork");
    EXPECT_FALSE(facts.all["kernel.release"].empty());
    for (int life = 1; life <= 3; ++life) {
      if (life == 2) { // it was switched off
        EXPECT_TRUE(machine->shut_down(kAnswerNs).ok());
      }
      const Status reset = fork_->reset(*machine, static_cast<std::uint64_t>(life), kAnswerNs);
      ASSERT_TRUE(reset.ok()) << which << ": " << reset.message;
      ASSERT_NO_FATAL_FAILURE(expect_good_life(*machine, events, random_numbers,
                                               which + ", life " + std::to_string(life)));
    }
    EXPECT_TRUE(machine->shut_down(kAnswerNs).ok()) << "it powers off like any other";
  }
  EXPECT_EQ(random_numbers.size(), static_cast<std::size_t>(forks_wanted) * 4);
}

TEST_F(ForkFacetTest, each_start_hands_out_another_random_number) {
  constexpr int kLives = 10;
  std::set<std::string> random_numbers;
  Events events;
  MachinePtr machine;
  for (int i = 0; i < starts_wanted; ++i) {
    const auto seed = static_cast<std::uint64_t>(i % 2); // which has no part in it
    if (i % kLives == 0) {
      machine = create(events, seed);
      ASSERT_NE(machine, nullptr);
    } else {
      const Status reset = fork_->reset(*machine, seed, kAnswerNs);
      ASSERT_TRUE(reset.ok()) << "start " << i << ": " << reset.message;
    }
    const Status booted = machine->boot(kBootNs);
    ASSERT_TRUE(booted.ok()) << "start " << i << ": " << booted.message << events.text;
    random_numbers.insert(read(*machine, "/proc/sys/kernel/random/uuid"));
  }
  EXPECT_EQ(random_numbers.size(), static_cast<std::size_t>(starts_wanted));
  machine.reset();
}

TEST_F(ForkFacetTest, a_template_is_not_for_another_machine) {
  MachineSpec other = spec_;
  other.memory_bytes = 320ULL << 20;
  Events events;
  Machine* machine = nullptr;
  const Status refused = fork_->create_machine(*template_, other, events, &machine);
  EXPECT_EQ(refused.code, StatusCode::kInvalidArgument);
  EXPECT_NE(std::string(refused.message).find("memory"), std::string::npos) << refused.message;
  Template* loaded = nullptr;
  EXPECT_EQ(fork_->load(directory_.string(), other, &loaded).code, StatusCode::kInvalidArgument);
}

} // namespace
} // namespace schedrig::kvm

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  const schedrig::lab::NamedArguments arguments(argc, argv);
  schedrig::kvm::agent_path = arguments.text("agent");
  schedrig::kvm::forks_wanted = arguments.number("forks", 10);
  schedrig::kvm::starts_wanted = arguments.number("starts", 40);
  return RUN_ALL_TESTS();
}
