// SPDX-License-Identifier: MIT
// Every ioctl of a machine's life fails in turn, in every way: the result is an error that names
// it or a guest that ends with it, and nothing is left behind. Needs /dev/kvm, however slow.
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>

#include <gtest/gtest.h>
#include <sys/ioctl.h>

#include "guest_fixture.hpp"
#include "vmm/kvm_ioctl.hpp"

namespace schedrig::kvm {
namespace {

using namespace std::chrono_literals;

// The nth call from now on fails with this errno, once. Not before the guest is gone: its threads
// call, too.
std::atomic<int> calls_left{-1};
std::atomic<int> failing_errno{0};
std::atomic<unsigned long> failed_request{0};

int failing_ioctl(int fd, unsigned long request, unsigned long argument) noexcept {
  if (calls_left.load() >= 0 && calls_left.fetch_sub(1) == 0) {
    failed_request = request;
    errno = failing_errno;
    return -1;
  }
  return ::ioctl(fd, request, argument);
}

struct Outcome {
  std::string error;         // of creation or start
  std::optional<VmEnd> end;  // of the guest
  unsigned long request = 0; // that failed; 0: there was no nth call
};

class IoctlFault : public testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    if (const auto kvm = open_kvm(); !kvm) {
      GTEST_SKIP() << kvm.error().message;
    }
  }

  // Creates and runs a guest of two vCPUs that prints a letter and switches itself off.
  static Outcome live(int nth, int error) {
    Outcome outcome;
    test::RecordingSink sink;
    const Topology topology = Topology::uniform(1, 1, 2, 1);
    // mov dx, 0x3f8; mov al, 'H'; out dx, al; mov dx, 0x600; mov al, 0x34; out dx, al; hlt
    const auto image = test::image_of(
        {0x66, 0xba, 0xf8, 0x03, 0xb0, 'H', 0xee, 0x66, 0xba, 0x00, 0x06, 0xb0, 0x34, 0xee, 0xf4});
    VmConfig config;
    config.kernel_image = image;
    config.memory_bytes = 128ULL << 20;
    config.topology = topology.view();
    failed_request = 0;
    failing_errno = error;
    calls_left = nth;
    const IoctlCall before = exchange_kvm_ioctl(failing_ioctl);
    {
      const auto vm = Vm::create(config, sink);
      const auto started = vm ? (*vm)->start() : Result<>();
      if (!vm || !started) {
        outcome.error = vm ? started.error().message : vm.error().message;
      } else {
        outcome.end = sink.wait_end(10s);
        const auto stopped = (*vm)->stop();
        EXPECT_TRUE(stopped.has_value()) << stopped.error().message;
      }
    }
    calls_left = -1;
    exchange_kvm_ioctl(before);
    outcome.request = failed_request;
    return outcome;
  }
};

TEST_P(IoctlFault, each_call_that_fails_is_named_and_nothing_is_left) {
  const int error = GetParam();
  const int before = test::open_files();
  int failed = 0;
  int named = 0;
  for (int nth = 0; nth < 1000; ++nth) {
    const Outcome outcome = live(nth, error);
    if (outcome.request == 0) {
      break; // the guest's life has fewer calls
    }
    ++failed;
    const std::string where = "call " + std::to_string(nth) + ", " + std::strerror(error);
    if (error == EINTR) {
      // An interrupted call is repeated: no different from a life without it.
      ASSERT_TRUE(outcome.end.has_value()) << where << ": " << outcome.error;
      EXPECT_EQ(outcome.end->kind, VmEndKind::kPowerOff) << where << ": " << outcome.end->detail;
    } else {
      const std::string text = outcome.end ? outcome.end->detail : outcome.error;
      // The second vCPU's run, or the registers of a report, may fail unnoticed by the first.
      if (!outcome.end || outcome.end->kind != VmEndKind::kPowerOff) {
        EXPECT_NE(text.find("KVM_"), std::string::npos) << where << ": " << text;
        EXPECT_NE(text.find(std::strerror(error)), std::string::npos) << where << ": " << text;
        ++named;
      }
    }
    ASSERT_EQ(test::open_files(), before) << where;
  }
  EXPECT_GT(failed, 20) << "creation alone has more calls";
  if (error != EINTR) {
    EXPECT_GE(named, failed - 4);
  }
}

INSTANTIATE_TEST_SUITE_P(Errnos, IoctlFault, testing::Values(EINTR, ENOMEM, EINVAL, ENOSPC),
                         [](const auto& error) {
                           return std::string(strerrorname_np(error.param));
                         });

} // namespace
} // namespace schedrig::kvm
