// SPDX-License-Identifier: MIT
// What of a machine needs no guest: refusals of create. Guests are booted by the lab's tests.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backend/machine.hpp"

namespace schedrig::kvm {
namespace {

using ::testing::HasSubstr;

class NoEvents final : public EventSink {
 public:
  void on_event(const Event& /*event*/) noexcept override {}
};

Error creation_error(const char* kernel, const char* agent) {
  const Topology topology = Topology::uniform(1, 1, 1, 1);
  MachineSpec spec;
  spec.topology = topology.view();
  spec.memory_bytes = std::uint64_t{256} << 20;
  spec.kernel_image = kernel;
  NoEvents events;
  const MachineOptions options{
      .agent_path = agent, .agent_timeout = std::chrono::seconds(1), .vendor = std::nullopt};
  auto machine = KvmMachine::create(spec, options, events);
  EXPECT_FALSE(machine);
  return machine ? Error{} : machine.error();
}

TEST(Machine, without_a_kernel_image_there_is_none) {
  EXPECT_EQ(creation_error("", "/proc/self/exe").code, StatusCode::kInvalidArgument);
}

TEST(Machine, without_an_agent_there_is_none) {
  EXPECT_EQ(creation_error("/proc/self/exe", "/nonexistent").code, StatusCode::kNotFound);
}

TEST(Machine, a_kernel_image_that_is_none_is_named) {
  const Error error = creation_error("/proc/self/exe", "/proc/self/exe");
  EXPECT_EQ(error.code, StatusCode::kBadData);
  EXPECT_THAT(error.message, HasSubstr("/proc/self/exe"));
}

} // namespace
} // namespace schedrig::kvm
