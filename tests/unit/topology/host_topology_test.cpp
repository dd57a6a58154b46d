// SPDX-License-Identifier: MIT
// Trees of sysfs in the kernel's form, one a shape of machine, and the machine that the test runs
// on.
#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

#include "host/topology/host_topology.hpp"

namespace schedrig::topology {
namespace {

namespace fs = std::filesystem;

class HostTopology : public testing::Test {
 protected:
  ~HostTopology() override {
    std::error_code ignored;
    fs::remove_all(root_, ignored);
  }

  void write(const std::string& path, const std::string& line) const {
    const fs::path file = root_ / "sys/devices/system" / path;
    fs::create_directories(file.parent_path());
    std::ofstream(file) << line << "\n";
  }

  // A CPU with caches of its own, and a last one that it shares.
  void add_cpu(unsigned cpu, const std::string& siblings, const std::string& llc) const {
    const std::string folder = "cpu/cpu" + std::to_string(cpu);
    write(folder + "/topology/thread_siblings_list", siblings);
    write(folder + "/topology/core_siblings_list", llc);
    write(folder + "/cache/index0/level", "1");
    write(folder + "/cache/index0/type", "Data");
    write(folder + "/cache/index0/shared_cpu_list", siblings);
    write(folder + "/cache/index1/level", "1");
    write(folder + "/cache/index1/type", "Instruction");
    write(folder + "/cache/index1/shared_cpu_list", siblings);
    write(folder + "/cache/index2/level", "3");
    write(folder + "/cache/index2/type", "Unified");
    write(folder + "/cache/index2/shared_cpu_list", llc);
  }

  void add_node(unsigned node, const std::string& cpus, const std::string& distances) const {
    write("node/node" + std::to_string(node) + "/cpulist", cpus);
    write("node/node" + std::to_string(node) + "/distance", distances);
  }

  [[nodiscard]] Result<HostShape> read() const { return read_host_shape(root_.string()); }
  [[nodiscard]] std::string shape() const {
    const auto shape = read();
    return shape ? to_string(shape->topology.view()) + (shape->note.empty() ? "" : " with a note")
                 : shape.error().message;
  }

  fs::path root_ = fs::path(testing::TempDir()) / ("sysfs-" + std::to_string(getpid()));
};

TEST_F(HostTopology, threads_of_a_core_are_numbered_apart_as_on_most_machines) {
  write("cpu/online", "0-7");
  for (unsigned cpu = 0; cpu < 8; ++cpu) {
    add_cpu(cpu, std::to_string(cpu % 4) + "," + std::to_string(cpu % 4 + 4), "0-7");
  }
  add_node(0, "0-7", "10");
  EXPECT_EQ(shape(), "1n1l4c2t");
}

TEST_F(HostTopology, two_nodes_with_two_caches_each_keep_their_distances) {
  write("cpu/online", "0-7");
  for (unsigned cpu = 0; cpu < 8; ++cpu) {
    const unsigned first = cpu - cpu % 2;
    add_cpu(cpu, std::to_string(cpu), std::to_string(first) + "-" + std::to_string(first + 1));
  }
  add_node(0, "0-3", "10 32");
  add_node(1, "4-7", "32 10");
  EXPECT_EQ(shape(), "2n4l2c1t");
  EXPECT_EQ(read()->topology.distances, (std::vector<std::uint32_t>{10, 32, 32, 10}));
}

TEST_F(HostTopology, caches_of_unequal_size_and_a_node_of_memory_only) {
  write("cpu/online", "0-4");
  for (unsigned cpu = 0; cpu < 5; ++cpu) {
    add_cpu(cpu, std::to_string(cpu), cpu < 3 ? "0-2" : "3-4");
  }
  add_node(0, "0-4", "10 20");
  add_node(2, "", "20 10");
  EXPECT_EQ(shape(), "[3,2|]x1t");
}

TEST_F(HostTopology, an_offline_core_does_not_count) {
  write("cpu/online", "0-2,4-6");
  for (unsigned cpu = 0; cpu < 8; ++cpu) {
    add_cpu(cpu, std::to_string(cpu % 4) + "," + std::to_string(cpu % 4 + 4), "0-7");
  }
  add_node(0, "0-7", "10");
  EXPECT_EQ(shape(), "1n1l3c2t");
}

TEST_F(HostTopology, cores_of_unequal_threads_become_one_core_a_cpu_and_it_is_said) {
  write("cpu/online", "0-5");
  for (unsigned cpu = 0; cpu < 4; ++cpu) { // two cores with two threads
    add_cpu(cpu, cpu < 2 ? "0-1" : "2-3", "0-5");
  }
  add_cpu(4, "4", "0-5"); // and two with one
  add_cpu(5, "5", "0-5");
  add_node(0, "0-5", "10");
  EXPECT_EQ(shape(), "1n1l6c1t with a note");
}

TEST_F(HostTopology, without_caches_a_package_counts_and_without_nodes_the_machine) {
  write("cpu/online", "0-3");
  for (unsigned cpu = 0; cpu < 4; ++cpu) {
    const std::string folder = "cpu/cpu" + std::to_string(cpu) + "/topology/";
    write(folder + "thread_siblings_list", std::to_string(cpu));
    write(folder + "core_siblings_list", cpu < 2 ? "0-1" : "2-3");
  }
  EXPECT_EQ(shape(), "1n2l2c1t");
}

TEST_F(HostTopology, a_cache_that_two_nodes_share_is_one_in_each) {
  write("cpu/online", "0-3");
  for (unsigned cpu = 0; cpu < 4; ++cpu) {
    add_cpu(cpu, std::to_string(cpu), "0-3");
  }
  add_node(0, "0-1", "10 11");
  add_node(1, "2-3", "11 10");
  EXPECT_EQ(shape(), "2n2l2c1t");
}

TEST_F(HostTopology, distances_that_make_no_sense_are_replaced_and_it_is_said) {
  write("cpu/online", "0-1");
  add_cpu(0, "0", "0");
  add_cpu(1, "1", "1");
  add_node(0, "0", "10 0");
  add_node(1, "1", "20 10");
  EXPECT_EQ(shape(), "2n2l1c1t with a note");
  EXPECT_EQ(read()->topology.distances, (std::vector<std::uint32_t>{10, 20, 20, 10}));
}

TEST_F(HostTopology, what_cannot_be_read_is_named) {
  EXPECT_NE(shape().find("/sys/devices/system/cpu/online"), std::string::npos) << shape();
  write("cpu/online", "0-1");
  EXPECT_NE(shape().find("cpu0/topology/thread_siblings_list"), std::string::npos) << shape();
  write("cpu/online", "many");
  EXPECT_NE(shape().find("many"), std::string::npos) << shape();
}

TEST_F(HostTopology, more_cpus_than_the_rig_is_made_for_are_refused) {
  write("cpu/online", "0-599");
  EXPECT_EQ(shape(), "this machine has 600 online CPUs");
}

TEST(ThisMachine, has_a_valid_shape_with_its_online_cpus) {
  const auto shape = read_host_shape();
  ASSERT_TRUE(shape) << shape.error().message;
  EXPECT_TRUE(validate(shape->topology.view()).ok());
  EXPECT_EQ(cpu_count(shape->topology.view()),
            static_cast<unsigned>(sysconf(_SC_NPROCESSORS_ONLN)));
}

} // namespace
} // namespace schedrig::topology
