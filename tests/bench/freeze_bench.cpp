// SPDX-License-Identifier: MIT
// What an empty freeze window takes, by the number of vCPUs: until the slowest vCPU has left the
// guest, and what the VMM adds to it; and what a look at registers takes.
// A guest of a few instructions, of which the boot CPU runs; the others wait in the kernel. Needs
// /dev/kvm.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#include "tests/unit/kvm_vmm/guest_fixture.hpp"

namespace {

using namespace schedrig;
using namespace schedrig::kvm;
using std::chrono::steady_clock;

constexpr int kRounds = 400;

// inc qword [0x3000]; jmp to it
const std::vector<std::uint8_t> kCounts = {0x48, 0xff, 0x04, 0x25, 0x00,
                                           0x30, 0x00, 0x00, 0xeb, 0xf6};

double microseconds(std::chrono::nanoseconds time) {
  return static_cast<double>(time.count()) / 1000;
}

std::chrono::nanoseconds median(std::vector<std::chrono::nanoseconds>& times) {
  std::ranges::sort(times);
  return times[times.size() / 2];
}

template <class T> T or_die(Result<T> result) {
  if (!result) {
    std::fprintf(stderr, "freeze_bench: %s\n", result.error().message.c_str());
    std::exit(1);
  }
  return *std::move(result);
}
void or_die(const Result<>& result) {
  if (!result) {
    std::fprintf(stderr, "freeze_bench: %s\n", result.error().message.c_str());
    std::exit(1);
  }
}

void measure(std::uint32_t cpus) {
  const Topology topology = Topology::uniform(1, 1, cpus, 1);
  const auto image = test::image_of(kCounts);
  test::RecordingSink sink;
  VmConfig config;
  config.kernel_image = image;
  config.memory_bytes = 128ULL << 20;
  config.topology = topology.view();
  const auto vm = or_die(Vm::create(config, sink));
  or_die(vm->start());
  std::vector<std::chrono::nanoseconds> exits;
  std::vector<std::chrono::nanoseconds> own;
  std::vector<std::chrono::nanoseconds> registers;
  for (int round = 0; round < kRounds; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    or_die(vm->freeze(std::chrono::seconds(10)));
    const Pause pause = or_die(vm->thaw());
    exits.push_back(pause.exits);
    own.push_back(pause.whole - pause.exits);
  }
  or_die(vm->freeze(std::chrono::seconds(10)));
  for (int round = 0; round < kRounds; ++round) {
    const auto before = steady_clock::now();
    (void)or_die(vm->registers(0));
    registers.push_back(steady_clock::now() - before);
  }
  (void)or_die(vm->thaw());
  std::printf("| %u | %.1f | %.1f | %.1f |\n", cpus, microseconds(median(exits)),
              microseconds(median(own)), microseconds(median(registers)));
}

} // namespace

int main() {
  std::printf("| vCPUs | slowest exit, us | own share, us | registers of one vCPU, us |\n"
              "| --- | --- | --- | --- |\n");
  for (const std::uint32_t cpus : {1U, 2U, 4U, 8U}) {
    measure(cpus);
  }
  return 0;
}
