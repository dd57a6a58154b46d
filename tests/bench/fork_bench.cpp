// SPDX-License-Identifier: MIT
// From nothing to the first answer of user space: a cold boot, a machine that starts from a saved
// one, and the same machine once more after a reset; with the time of each phase and the memory of
// a machine that does nothing.
//
//   fork_bench --init=PROGRAM [--kernel=BZIMAGE] [--rounds=N] [--cpus=N]    in the emulated host
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/unit/kvm_vmm/boot_files.hpp"
#include "tests/unit/kvm_vmm/guest_fixture.hpp"
#include "vmm/guest_memory.hpp"
#include "vmm/state/machine_state.hpp"

namespace schedrig::kvm {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr auto kTimeout = 300s;
constexpr std::uint64_t kMemoryBytes = 256ULL << 20;
constexpr std::uint32_t kCpusOfDirtyRuns = 4;
constexpr auto kIdleTime = 500ms; // a guest without work gets through what its start left it

[[noreturn]] void give_up(const std::string& what) {
  std::fprintf(stderr, "fork_bench: %s\n", what.c_str());
  std::exit(1);
}

template <class T> T need(Result<T> result) {
  if (!result) {
    give_up(result.error().message);
  }
  if constexpr (!std::is_void_v<T>) {
    return *std::move(result);
  }
}

double ms_since(steady_clock::time_point start) {
  return std::chrono::duration<double, std::milli>(steady_clock::now() - start).count();
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values.empty() ? 0 : values[values.size() / 2];
}

void expect_line(test::RecordingSink& sink, const std::string& wanted) {
  const auto line = sink.next_line(kTimeout);
  if (line != wanted) {
    give_up("the guest says " + line.value_or("nothing") + "\n" + sink.console());
  }
}

void ask(Vm& vm, test::RecordingSink& sink, const std::string& command, const std::string& answer) {
  const std::string line = command + "\n";
  need(vm.send(std::as_bytes(std::span(line)), kTimeout));
  expect_line(sink, answer);
}

void hello(Vm& vm, test::RecordingSink& sink) {
  ask(vm, sink, "echo hello", "hello");
}

// KiB of this process that are no other's, page tables apart.
std::uint64_t private_kib() {
  std::uint64_t kib = 0;
  std::ifstream rollup("/proc/self/smaps_rollup");
  for (std::string line; std::getline(rollup, line);) {
    if (line.starts_with("Private_Dirty:") || line.starts_with("Private_Clean:")) {
      kib += std::strtoull(line.c_str() + line.find(':') + 1, nullptr, 10);
    }
  }
  return kib;
}

struct Phases {
  std::vector<double> create;
  std::vector<double> start;
  std::vector<double> answer;
  std::vector<double> stop;
  std::vector<double> all; // to the answer

  void print(const char* what) const {
    std::printf("  %-6s to hello p50 %7.1f ms (most %7.1f): create %6.1f, start %6.1f, the guest's "
                "part %6.1f; afterwards %6.1f; one after the other %.1f a second\n",
                what, median(all), all.empty() ? 0 : std::ranges::max(all), median(create),
                median(start), median(answer), median(stop), 1000 / (median(all) + median(stop)));
  }
};

// A life to its first answer. `make`: a machine that is not started, by creation or reset.
template <class Make>
void time_life(Phases& phases, test::RecordingSink& sink, std::uint64_t seed, Make make) {
  const auto began = steady_clock::now();
  Vm& vm = make();
  phases.create.push_back(ms_since(began));
  const auto starting = steady_clock::now();
  need(vm.start(seed));
  phases.start.push_back(ms_since(starting));
  const auto answering = steady_clock::now();
  hello(vm, sink);
  phases.answer.push_back(ms_since(answering));
  phases.all.push_back(ms_since(began));
}

void time_end(Phases& phases, std::unique_ptr<Vm>& vm) {
  const auto ending = steady_clock::now();
  vm.reset();
  phases.stop.push_back(ms_since(ending));
}

struct Parent {
  std::shared_ptr<const SavedMachine> saved;
  std::vector<PageRun> first_writes;
  double cold_ms = 0;
};

Parent boot_and_save(std::uint32_t cpus) {
  Parent parent;
  const auto initramfs = test::initramfs_of(test::boot_files().init.bytes());
  const Topology topology = Topology::uniform(1, 1, cpus, 1);
  test::RecordingSink sink;
  VmConfig config;
  config.kernel_image = test::boot_files().kernel.bytes();
  config.initramfs = initramfs;
  config.memory_bytes = kMemoryBytes;
  config.topology = topology.view();
  const auto began = steady_clock::now();
  const auto vm = need(Vm::create(config, sink));
  need(vm->start());
  expect_line(sink, "ready");
  hello(*vm, sink);
  parent.cold_ms = ms_since(began);
  const auto saving = steady_clock::now();
  need(vm->freeze(kTimeout));
  const double frozen = ms_since(saving);
  parent.saved = need(vm->save());
  std::printf("%u CPUs: cold boot to hello %.0f ms; to stand still %.1f ms, save %.1f ms\n", cpus,
              parent.cold_ms, frozen, ms_since(saving) - frozen);
  need(vm->thaw());
  hello(*vm, sink);
  parent.first_writes = need(vm->changed_pages());
  return parent;
}

// After a life that has written to this many pages: the same machine once more, or another one.
void bench_dirty(const Parent& parent, std::uint64_t pages, int rounds) {
  Phases again;
  Phases another;
  std::uint64_t changed = 0;
  test::RecordingSink sink;
  auto vm = need(Vm::create_from(parent.saved, sink, parent.first_writes));
  need(vm->start(1));
  hello(*vm, sink);
  for (int i = 0; i < rounds; ++i) {
    const auto seed = static_cast<std::uint64_t>(i);
    ask(*vm, sink, "dirty " + std::to_string(pages), "dirty");
    time_life(again, sink, seed, [&]() -> Vm& {
      changed = need(vm->reset(kTimeout)).pages;
      return *vm;
    });
    ask(*vm, sink, "dirty " + std::to_string(pages), "dirty");
    test::RecordingSink others;
    std::unique_ptr<Vm> other;
    time_life(another, others, seed, [&]() -> Vm& {
      other = need(Vm::create_from(parent.saved, others, parent.first_writes));
      return *other;
    });
    time_end(another, other);
    need(vm->reset(kTimeout)); // what the two lives share is gone
    need(vm->start(seed));
    hello(*vm, sink);
  }
  std::printf("  after a life that changed %llu pages:\n",
              static_cast<unsigned long long>(changed));
  again.print("reset");
  another.print("fork");
}

void bench(std::uint32_t cpus, int rounds) {
  const Parent parent = boot_and_save(cpus);
  const auto& [saved, first_writes, cold_ms] = parent;
  Phases fork;
  Phases ready;
  Phases again;
  std::uint64_t pages = 0;
  for (int i = 0; i < rounds; ++i) {
    const auto seed = static_cast<std::uint64_t>(i);
    test::RecordingSink sink;
    std::unique_ptr<Vm> vm;
    time_life(fork, sink, seed, [&]() -> Vm& {
      vm = need(Vm::create_from(saved, sink, first_writes));
      return *vm;
    });
    for (std::uint64_t life = 0; life < 3; ++life) {
      time_life(again, sink, life, [&]() -> Vm& {
        pages = need(vm->reset(kTimeout)).pages;
        return *vm;
      });
    }
    time_end(fork, vm);

    test::RecordingSink another;
    vm = need(Vm::create_from(saved, another, first_writes));
    need(vm->prepare());
    time_life(ready, another, seed, [&]() -> Vm& { return *vm; });
  }
  fork.print("fork");
  ready.print("ready");
  again.print("reset");
  constexpr std::size_t kIdle = 8;
  std::array<std::unique_ptr<Vm>, kIdle> idle;
  test::RecordingSink sink;
  const std::uint64_t before = private_kib();
  for (auto& vm : idle) {
    vm = need(Vm::create_from(saved, sink, first_writes));
  }
  const std::uint64_t created = private_kib();
  for (auto& vm : idle) {
    need(vm->prepare());
  }
  const std::uint64_t prepared = private_kib();
  for (auto& vm : idle) {
    need(vm->start(1));
  }
  std::this_thread::sleep_for(kIdleTime);
  const std::uint64_t started = private_kib();
  const auto each = [&](std::uint64_t kib) {
    return static_cast<unsigned long long>((kib - before) / kIdle);
  };
  std::printf(
      "  ratio cold/fork %.0f, cold/ready %.0f, cold/reset %.0f; %llu pages changed by a hello; "
      "of its own an idle machine has %llu KiB, ready %llu KiB, started %llu KiB\n",
      cold_ms / median(fork.all), cold_ms / median(ready.all), cold_ms / median(again.all),
      static_cast<unsigned long long>(pages), each(created), each(prepared), each(started));
  std::fflush(stdout);
  idle = {};
  if (cpus == kCpusOfDirtyRuns) {
    for (const std::uint64_t dirty : {64U, 256U, 1024U, 4096U}) {
      bench_dirty(parent, dirty, rounds);
    }
    std::fflush(stdout);
  }
}

} // namespace
} // namespace schedrig::kvm

int main(int argc, char** argv) {
  int rounds = 10;
  std::vector<std::uint32_t> cpus = {1, 2, 4, 8};
  for (int i = 1; i < argc; ++i) {
    if (const std::string argument = argv[i]; argument.starts_with("--rounds=")) {
      rounds = std::max(1, std::atoi(argument.c_str() + 9));
    } else if (argument.starts_with("--cpus=")) {
      cpus = {static_cast<std::uint32_t>(std::max(1, std::atoi(argument.c_str() + 7)))};
    }
  }
  if (!schedrig::kvm::test::open_boot_files(argc, argv)) {
    return 2;
  }
  for (const std::uint32_t count : cpus) {
    schedrig::kvm::bench(count, rounds);
  }
  return 0;
}
