// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "host/text/topology_text.hpp"

namespace schedrig::text {
namespace {

TEST(TopologyText, is_nodes_llcs_cores_threads) {
  for (const char* text : {"1n2l4c2t", "2n4l2c1t", "1n1l1c1t", "1n1l512c1t", "8n64l4c2t"}) {
    const auto topology = parse_topology(text);
    ASSERT_TRUE(topology) << text << ": " << topology.error().message;
    EXPECT_EQ(to_string(topology->view()), text);
  }
}

TEST(TopologyText, refuses_other_forms) {
  for (const char* text : {"", "4", "1n2l4c", "1n2l4c2", "2t1n2l4c", "1N2L4C2T", "n2l4c2t",
                           "-1n2l4c2t", "1n 2l4c2t", "99999999999999999999n1l1c1t"}) {
    const auto topology = parse_topology(text);
    ASSERT_FALSE(topology) << text;
    EXPECT_TRUE(topology.error().message.ends_with("is not a topology")) << text;
  }
  EXPECT_FALSE(parse_topology("1n2l4c2tx"));
}

TEST(TopologyText, refuses_machines_that_nobody_could_build) {
  EXPECT_EQ(parse_topology("2n3l1c1t").error().message, "topology: 3 LLCs for 2 nodes");
  EXPECT_FALSE(parse_topology("1n1l0c1t"));
  EXPECT_FALSE(parse_topology("1n1l1c3t"));
  EXPECT_FALSE(parse_topology("1n1l257c2t"));
  EXPECT_FALSE(parse_topology("0n0l0c0t"));
  EXPECT_FALSE(parse_topology("512n512l512c2t"));
  EXPECT_FALSE(parse_topology("1n4000000000l1c1t"));
}

} // namespace
} // namespace schedrig::text
