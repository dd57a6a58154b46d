// SPDX-License-Identifier: MIT
// What watching a word costs whoever writes to it: a write that is not watched, one that is
// counted, one that is captured; and from the write that stops the machine until all of it stands
// still. A guest of a few instructions writes without pause. Needs /dev/kvm that tells of watched
// writes.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

#include "tests/unit/kvm_vmm/guest_fixture.hpp"
#include "vmm/guest_memory.hpp"

namespace {

using namespace schedrig;
using namespace schedrig::kvm;
using std::chrono::steady_clock;

constexpr Gpa kCounter = 0x3000;
constexpr auto kTime = std::chrono::seconds(2); // of each row
constexpr int kStops = 50;

// inc qword [kCounter]; jmp to it
const std::vector<std::uint8_t> kCounts = {0x48, 0xff, 0x04, 0x25, 0x00,
                                           0x30, 0x00, 0x00, 0xeb, 0xf6};

template <class T> T or_die(Result<T> result) {
  if (!result) {
    std::fprintf(stderr, "watch_bench: %s\n", result.error().message.c_str());
    std::exit(1);
  }
  return *std::move(result);
}
void or_die(const Result<>& result) {
  if (!result) {
    std::fprintf(stderr, "watch_bench: %s\n", result.error().message.c_str());
    std::exit(1);
  }
}

std::int64_t now_ns() {
  return std::chrono::nanoseconds(steady_clock::now().time_since_epoch()).count();
}

WatchSpec spec(std::uint32_t captures) {
  WatchSpec spec;
  spec.address = kCounter; // mapped at its own address
  spec.bytes = sizeof(std::uint64_t);
  spec.max_captures = captures;
  return spec;
}

std::uint64_t writes(const Vm& vm) {
  std::uint64_t count = 0;
  or_die(vm.memory().read(kCounter, std::as_writable_bytes(std::span(&count, 1))));
  return count;
}

double us_per_write(const Vm& vm) {
  const std::uint64_t before = writes(vm);
  const auto start = steady_clock::now();
  std::this_thread::sleep_for(kTime);
  const std::uint64_t done = writes(vm) - before;
  const std::chrono::duration<double, std::micro> took = steady_clock::now() - start;
  return took.count() / static_cast<double>(std::max<std::uint64_t>(done, 1));
}

double us_per_watched_write(Vm& vm, std::uint32_t captures) {
  or_die(vm.arm(1, spec(captures), now_ns));
  const double each = us_per_write(vm);
  or_die(vm.disarm(1));
  (void)or_die(vm.take_hits(1));
  return each;
}

// Median, of machines of `cpus` of which one runs, as a freeze window's are.
double us_until_all_stand(Vm& vm) {
  std::vector<double> times;
  for (int round = 0; round < kStops; ++round) {
    or_die(vm.arm_stop(spec(1), now_ns));
    while (!vm.held()) {
      std::this_thread::yield();
    }
    or_die(vm.freeze(std::chrono::seconds(10)));
    const std::int64_t stood = now_ns();
    const WatchHits hits = or_die(vm.take_hits(Vm::kStopSlot));
    times.push_back(static_cast<double>(stood - hits.captures.at(0).capture.at_ns) / 1000);
    vm.release();
    (void)or_die(vm.thaw());
    or_die(vm.disarm(Vm::kStopSlot));
  }
  std::ranges::sort(times);
  return times[times.size() / 2];
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
  const double plain = us_per_write(*vm);
  const double counted = us_per_watched_write(*vm, 0);
  const double captured = us_per_watched_write(*vm, kMaxWatchCaptures);
  std::printf("| %u | %.3f | %.1f | %.1f | %.1f |\n", cpus, plain, counted, captured,
              us_until_all_stand(*vm));
}

} // namespace

int main() {
  std::printf("| vCPUs | a write, us | counted, us | captured, us | until all stand, us |\n"
              "| --- | --- | --- | --- | --- |\n");
  for (const std::uint32_t cpus : {1U, 4U}) {
    measure(cpus);
  }
  return 0;
}
