// SPDX-License-Identifier: MIT
// How payloads find the machine's submission ring.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/ring_function.hpp"
#include "tests/unit/apt/temp_dir.hpp"

namespace schedrig::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(RingEnvironment, names_the_memory_and_the_doorbell_of_a_ring) {
  const schedrig::test::TempDir function;
  function.write("vendor", "0x1234\n");
  function.write("device", "0x5247\n");
  const std::string path = function.path().string();
  EXPECT_THAT(ring_environment(path), ElementsAre("SCHEDRIG_RING=" + path + "/resource0",
                                                  "SCHEDRIG_RING_DOORBELL=" + path + "/resource1"));
}

TEST(RingEnvironment, says_nothing_of_another_function_or_of_none) {
  const schedrig::test::TempDir function;
  EXPECT_THAT(ring_environment(function.path().string()), IsEmpty());
  function.write("vendor", "0x1234\n");
  EXPECT_THAT(ring_environment(function.path().string()), IsEmpty());
  function.write("device", "0x1111\n");
  EXPECT_THAT(ring_environment(function.path().string()), IsEmpty());
  function.write("device", "no number\n");
  EXPECT_THAT(ring_environment(function.path().string()), IsEmpty());
}

} // namespace
} // namespace schedrig::agent
