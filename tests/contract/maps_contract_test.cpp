// SPDX-License-Identifier: MIT
// Pinned BPF maps on the backend under test, where it has schedulers with maps.
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <schedrig/bpf_maps.hpp>

#include "tests/contract/booted_machine.hpp"

namespace schedrig::contract {
namespace {

using engine::OpRecord;
using engine::RunReport;

class MapsContract : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(booted().up()) << booted().problem();
    maps_ = query<BpfMapsFacet>(booted().machine());
    if (maps_ == nullptr || !booted().attaches_schedulers()) {
      GTEST_SKIP() << "no schedulers with BPF maps";
    }
  }
  static BootedMachine& booted() { return BootedMachine::get(); }

  static RunReport run(std::vector<OpBody> ops) {
    Scenario scenario;
    scenario.files = {"contract"};
    Step step;
    step.name = "case";
    for (OpBody& body : ops) {
      step.ops.push_back({.body = std::move(body), .pos = {}});
    }
    scenario.steps.push_back(std::move(step));
    return booted().run(scenario);
  }
  // The first attach after boot takes longest; an emulated machine needs more than the default.
  static AttachScheduler attach(std::string scheduler) {
    return {.scheduler = std::move(scheduler), .timeout_ns = 150'000'000'000};
  }
  static std::string words(const OpRecord& op) {
    return op.error ? op.error->message + "; " + op.error->help : std::string();
  }
  static StatusCode code(const OpRecord& op) { return op.error ? op.error->code : StatusCode::kOk; }

  BpfMapsFacet* maps_ = nullptr;
};

// An error about another map lists those that there are.
TEST_F(MapsContract, a_pinned_map_outlives_its_scheduler_until_the_run_ends) {
  const RunReport report =
      run({attach("fifo"), PinBpfMap{.name = "fifo.bss"}, PinBpfMap{.name = "fifo.bss"},
           DetachScheduler{}, PinBpfMap{.name = "fifo.bss"}, PinBpfMap{.name = "no_such_map"}});
  const auto& ops = report.steps.at(0).ops;
  ASSERT_EQ(ops.size(), 6U) << words(ops.back());
  EXPECT_EQ(code(ops[5]), StatusCode::kNotFound);
  EXPECT_NE(words(ops[5]).find("there is no BPF map no_such_map"), std::string::npos)
      << words(ops[5]);
  EXPECT_NE(words(ops[5]).find("fifo.bss"), std::string::npos) << words(ops[5]);

  // A kernel frees the programs of a scheduler that has left, and with them its maps, some time
  // later.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  std::string there = "fifo.bss";
  while (there.find("fifo.bss") != std::string::npos &&
         std::chrono::steady_clock::now() < deadline) {
    const RunReport next = run({PinBpfMap{.name = "no_such_map"}});
    there = words(next.steps.at(0).ops.back());
  }
  EXPECT_EQ(there.find("fifo.bss"), std::string::npos) << there;
}

TEST_F(MapsContract, of_a_swap_both_maps_are_kept) {
  const RunReport report =
      run({attach("fifo"), PinBpfMap{.name = "fifo.bss"},
           ReplaceScheduler{.scheduler = "vtime", .timeout_ns = 150'000'000'000},
           PinBpfMap{.name = "vtime.bss"}, DetachScheduler{}, PinBpfMap{.name = "no_such_map"}});
  const auto& ops = report.steps.at(0).ops;
  ASSERT_EQ(ops.size(), 6U) << words(ops.back());
  EXPECT_NE(words(ops[5]).find("fifo.bss"), std::string::npos) << words(ops[5]);
  EXPECT_NE(words(ops[5]).find("vtime.bss"), std::string::npos) << words(ops[5]);
}

TEST_F(MapsContract, a_path_outside_of_a_bpf_file_system_is_refused_by_its_name) {
  for (const char* path : {"/tmp/map", "/sys/fs/map", "map", "/map"}) {
    const Status status = maps_->pin("fifo.bss", path);
    EXPECT_EQ(status.code, StatusCode::kInvalidArgument) << path << ": " << status.message;
    EXPECT_NE(std::string(status.message).find(path), std::string::npos) << status.message;
  }
}

TEST_F(MapsContract, names_that_no_map_can_have_are_refused) {
  for (const char* name : {"", "a_name_of_sixteen"}) {
    EXPECT_EQ(maps_->pin(name, "/sys/fs/bpf/x").code, StatusCode::kInvalidArgument) << name;
  }
}

TEST_F(MapsContract, letting_go_of_nothing_is_no_error) {
  EXPECT_TRUE(maps_->unpin_all().ok());
  EXPECT_TRUE(maps_->unpin_all().ok());
}

} // namespace
} // namespace schedrig::contract
