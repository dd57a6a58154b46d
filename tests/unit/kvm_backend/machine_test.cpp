// SPDX-License-Identifier: MIT
// What of a machine needs no guest: refusals of create, and the schedulers facet. Guests are
// booted by the lab's tests.
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

class NoPlugin final : public Plugin {
 public:
  void* query(std::string_view /*interface_id*/) noexcept override { return nullptr; }
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

TEST(Schedulers, the_kernels_own_is_attached_by_attaching_nothing) {
  KernelSchedulers schedulers;
  NoPlugin plugin;
  EXPECT_TRUE(schedulers.can_attach("eevdf", plugin).ok());
  EXPECT_TRUE(schedulers.attach("eevdf", plugin, {}, 0).ok());
  EXPECT_EQ(schedulers.detach(0).code, StatusCode::kNotFound);
}

TEST(Schedulers, any_other_has_no_realisation_and_is_named) {
  KernelSchedulers schedulers;
  NoPlugin plugin;
  const Status can = schedulers.can_attach("fifo", plugin);
  EXPECT_EQ(can.code, StatusCode::kUnsupported);
  EXPECT_THAT(can.message, HasSubstr("'fifo'"));
  EXPECT_THAT(can.help, HasSubstr("eevdf"));
  EXPECT_EQ(schedulers.attach("fifo", plugin, {}, 0).code, StatusCode::kUnsupported);
}

} // namespace
} // namespace schedrig::kvm
