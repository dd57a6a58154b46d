// SPDX-License-Identifier: MIT
// Time from the start of the process to the first line of user space, our VMM beside kvmtool's
// lkvm: the same kernel, initramfs, memory and log level, one vCPU, no network, in turns.
//
//   lkvm_bench VMM_BOOT INIT LKVM [ROUNDS]    in the emulated host: ./dev bench --lkvm PATH
//
// INIT becomes /init of both guests; the kernel is the newest whole one of the cache. lkvm prints
// to a serial port, as it does when nothing else is asked of it.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include <unistd.h>

#include "host/kernel/kernel_cache.hpp"
#include "tests/support/run_command.hpp"
#include "tests/unit/kvm_vmm/guest_fixture.hpp"
#include "vmm/mapped_file.hpp"

namespace {

using namespace schedrig;

constexpr const char* kFirstLine = "guest: user space";
constexpr std::uint64_t kMaxInitBytes = 64U << 20U;

// Nothing when it ended without the line.
std::optional<double> seconds_to_user_space(const std::vector<std::string>& argv) {
  const auto start = std::chrono::steady_clock::now();
  test::Command command(argv);
  const bool there = command.wait_for_stdout(kFirstLine);
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
  command.kill(SIGKILL);
  const test::CommandResult result = command.finish();
  if (!there) {
    std::fprintf(stderr, "lkvm_bench: %s never got to user space\n%s%s\n", argv[0].c_str(),
                 result.err.c_str(), result.out.c_str());
    return std::nullopt;
  }
  return taken.count();
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

int bench(const std::string& vmm_boot, const std::string& init, const std::string& lkvm,
          unsigned rounds) {
  const auto cache = kernel::KernelCache::open();
  const auto kernel = cache ? cache->find({}) : std::unexpected(cache.error());
  const auto program = kvm::MappedFile::open(init, kMaxInitBytes);
  if (!kernel || !program) {
    std::fprintf(stderr, "lkvm_bench: %s\n",
                 (kernel ? program.error() : kernel.error()).message.c_str());
    return 1;
  }
  const std::vector<std::byte> archive = kvm::test::initramfs_of(program->bytes());
  const std::string initramfs = "/tmp/lkvm-bench-" + std::to_string(::getpid());
  std::ofstream(initramfs, std::ios::binary)
      .write(reinterpret_cast<const char*>(archive.data()),
             static_cast<std::streamsize>(archive.size()));
  const std::string image = kernel->image.string();
  const std::vector<std::string> ours = {vmm_boot, image, init, "-m", "512"};
  const std::vector<std::string> theirs = {
      lkvm, "run", "-k",        image,       "-i",        initramfs, "-m", "512",
      "-c", "1",   "--network", "mode=none", "--console", "serial",  "-p", "loglevel=5"};
  std::vector<double> our_times;
  std::vector<double> their_times;
  std::vector<double> ratios;
  for (unsigned i = 0; i < rounds; ++i) {
    const auto mine = seconds_to_user_space(ours);
    const auto other = mine ? seconds_to_user_space(theirs) : std::nullopt;
    if (!mine || !other) {
      ::unlink(initramfs.c_str());
      return 1;
    }
    our_times.push_back(*mine);
    their_times.push_back(*other);
    ratios.push_back(*mine / *other);
  }
  ::unlink(initramfs.c_str());
  std::printf("start to user space, medians of %u in turns, kernel %s: schedrig's VMM %.2f s, lkvm "
              "%.2f s, ratio %.2f (%.2f to %.2f)\n",
              rounds, kernel->facts.version.c_str(), median(our_times), median(their_times),
              median(ratios), std::ranges::min(ratios), std::ranges::max(ratios));
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fputs("usage: lkvm_bench VMM_BOOT INIT LKVM [ROUNDS]\n", stderr);
    return 2;
  }
  const auto rounds = static_cast<unsigned>(argc > 4 ? std::strtoul(argv[4], nullptr, 10) : 5);
  return bench(argv[1], argv[2], argv[3], std::max(rounds, 1U));
}
