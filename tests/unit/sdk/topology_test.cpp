// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <schedrig/topology.hpp>

namespace schedrig {
namespace {

TEST(Topology, places_cpus_by_node_llc_core_thread) {
  const Topology topology = Topology::uniform(2, 4, 2, 2);
  ASSERT_TRUE(validate(topology.view()).ok()) << validate(topology.view()).message;
  const auto places = cpu_places(topology.view());
  ASSERT_EQ(places.size(), 16U);
  EXPECT_EQ(places[0].node, 0U);
  EXPECT_EQ(places[1].core, 0U);
  EXPECT_EQ(places[1].thread, 1U);
  EXPECT_EQ(places[4].llc, 1U);
  EXPECT_EQ(places[8].node, 1U);
  EXPECT_EQ(places[8].llc, 2U);
  EXPECT_EQ(places[15].core, 7U);
  EXPECT_EQ(to_string(topology.view()), "2n4l2c2t");
}

TEST(Topology, odd_shapes_are_listed_by_node) {
  Topology topology;
  topology.nodes = {{.first_llc = 0, .llc_count = 2}, {.first_llc = 2, .llc_count = 0}};
  topology.llc_cores = {4, 3};
  topology.distances = {10, 20, 20, 10};
  ASSERT_TRUE(validate(topology.view()).ok()) << validate(topology.view()).message;
  EXPECT_EQ(cpu_count(topology.view()), 7U);
  EXPECT_EQ(cpu_places(topology.view())[4].llc, 1U);
  EXPECT_EQ(to_string(topology.view()), "[4,3|]x1t");
}

struct Bad {
  const char* name;
  Topology topology;
  const char* says;
};

Topology with_distances(std::vector<std::uint32_t> distances) {
  Topology topology = Topology::uniform(2, 2, 1, 1);
  topology.distances = std::move(distances);
  return topology;
}

TEST(Topology, refuses_what_a_backend_could_not_build) {
  Topology gap = Topology::uniform(2, 2, 1, 1);
  gap.nodes[1].first_llc = 0;
  const Bad cases[] = {
      {"no threads", Topology::uniform(1, 1, 1, 0), "threads per core"},
      {"three threads", Topology::uniform(1, 1, 1, 3), "threads per core"},
      {"llcs that do not divide", Topology::uniform(2, 3, 1, 1), "3 LLCs for 2 nodes"},
      {"no nodes", Topology::uniform(0, 0, 1, 1), "0 CPUs"},
      {"empty llc", Topology::uniform(1, 1, 0, 1), "no cores"},
      {"too many", Topology::uniform(1, 1, kMaxCpus + 1, 1), "513 CPUs"},
      {"overflow", Topology::uniform(1, 4, 0xffffffffU, 2), "CPUs"},
      {"overlapping nodes", gap, "do not follow"},
      {"short distances", with_distances({10, 20}), "2 values"},
      {"far diagonal", with_distances({11, 20, 20, 10}), "[0][0] = 11"},
      {"near neighbour", with_distances({10, 10, 10, 10}), "[0][1] = 10"},
      {"asymmetric", with_distances({10, 20, 21, 10}), "mirror"},
  };
  for (const Bad& bad : cases) {
    const Status status = validate(bad.topology.view());
    EXPECT_EQ(status.code, StatusCode::kInvalidArgument) << bad.name;
    EXPECT_NE(std::string(status.message).find(bad.says), std::string::npos)
        << bad.name << ": " << status.message;
  }
}

} // namespace
} // namespace schedrig
