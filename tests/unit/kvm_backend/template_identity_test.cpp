// SPDX-License-Identifier: MIT
// What a template depends on: the same for the same machine, and every difference has its name.
#include <filesystem>
#include <fstream>
#include <map>

#include <gtest/gtest.h>
#include <sched.h>

#include "backend/fork_facet.hpp"
#include "vmm/kvm_ioctl.hpp"

namespace schedrig::kvm {
namespace {

using Fields = std::map<std::string, std::string>;

class Facts final : public FactSink {
 public:
  void on_fact(std::string_view key, std::string_view value) noexcept override {
    all[std::string(key)] = value;
  }
  Fields all;
};

class TemplateIdentityTest : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto kvm = open_kvm(); !kvm) {
      GTEST_SKIP() << kvm.error().message;
    }
    std::ofstream(kernel_) << "a kernel";
    std::ofstream(agent_) << "an agent";
    spec_.topology = topology_.view();
    spec_.memory_bytes = 256ULL << 20;
    spec_.kernel_image = kernel_;
  }
  void TearDown() override {
    std::filesystem::remove(kernel_);
    std::filesystem::remove(agent_);
  }
  Fields fields() {
    Facts facts;
    const Status status = fork_.template_fields(spec_, facts);
    EXPECT_TRUE(status.ok()) << status.message;
    return facts.all;
  }
  // Exactly these differ from what they were at first.
  void expect_other(const Fields& first, const std::vector<std::string>& names) {
    const Fields now = fields();
    std::vector<std::string> differ;
    for (const auto& [key, value] : now) {
      if (first.at(key) != value) {
        differ.push_back(key);
      }
    }
    EXPECT_EQ(differ, names);
  }

  std::string kernel_ = (std::filesystem::temp_directory_path() /
                         ("schedrig-identity-kernel-" + std::to_string(::getpid())))
                            .string();
  std::string agent_ = kernel_ + "-agent";
  Topology topology_ = Topology::uniform(1, 2, 2, 1);
  MachineSpec spec_;
  KvmFork fork_{agent_};
};

TEST_F(TemplateIdentityTest, the_seed_and_the_cpu_that_asks_are_none_of_it) {
  const Fields first = fields();
  EXPECT_EQ(first.size(), 11U);
  spec_.seed = 99;
  cpu_set_t before;
  CPU_ZERO(&before);
  ASSERT_EQ(::sched_getaffinity(0, sizeof before, &before), 0);
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &before)) {
      continue;
    }
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    ASSERT_EQ(::sched_setaffinity(0, sizeof one, &one), 0);
    EXPECT_EQ(fields(), first) << "CPU " << cpu;
  }
  ASSERT_EQ(::sched_setaffinity(0, sizeof before, &before), 0);
}

TEST_F(TemplateIdentityTest, every_difference_has_its_name) {
  const Fields first = fields();
  spec_.kernel_cmdline = "quiet";
  expect_other(first, {"kernel_cmdline"});
  spec_.kernel_cmdline = {};
  spec_.memory_bytes = 512ULL << 20;
  expect_other(first, {"memory", "topology"});
  spec_.memory_bytes = 256ULL << 20;
  const Topology other = Topology::uniform(1, 1, 4, 1);
  spec_.topology = other.view();
  const Fields reshaped = fields();
  EXPECT_NE(reshaped.at("topology"), first.at("topology"));
  EXPECT_NE(reshaped.at("cpu"), first.at("cpu"));
  spec_.topology = topology_.view();
  const ParamValue no_kaslr{.type = ParamType::kBool, .key = "kaslr", .integer = 0, .text = {}};
  spec_.params = std::span(&no_kaslr, 1);
  expect_other(first, {"kaslr"});
  const ParamValue ring{.type = ParamType::kBool, .key = "ring.enabled", .integer = 1, .text = {}};
  spec_.params = std::span(&ring, 1);
  expect_other(first, {"ring"});
  spec_.params = {};
  std::ofstream(kernel_) << "another kernel";
  expect_other(first, {"kernel"});
  std::ofstream(agent_) << "another agent";
  expect_other(first, {"agent", "kernel"});
}

TEST_F(TemplateIdentityTest, distances_of_nodes_count) {
  Topology near = Topology::uniform(2, 2, 1, 1);
  spec_.topology = near.view();
  const Fields first = fields();
  near.distances[1] = near.distances[2] = 21;
  spec_.topology = near.view();
  expect_other(first, {"topology"});
}

TEST_F(TemplateIdentityTest, a_kernel_that_is_not_there_is_an_error_with_its_path) {
  spec_.kernel_image = "/nonexistent/vmlinuz";
  Facts facts;
  const Status status = fork_.template_fields(spec_, facts);
  EXPECT_FALSE(status.ok());
  EXPECT_NE(std::string(status.message).find("/nonexistent/vmlinuz"), std::string::npos);
}

} // namespace
} // namespace schedrig::kvm
