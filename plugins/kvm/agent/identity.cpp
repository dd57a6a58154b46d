// SPDX-License-Identifier: MIT
#include "agent/identity.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>

#include <fcntl.h>
#include <linux/random.h>
#include <sys/ioctl.h>

#include "vmm/unique_fd.hpp"

namespace schedrig::agent {
namespace {

// <linux/random.h>, struct rand_pool_info, with room for what a message may bring.
struct Entropy {
  int bits = 0;
  int bytes = 0;
  std::array<std::byte, kvm::kMaxEntropyBytes> data{};
};

// Every generator of the kernel is keyed anew, also those that have numbers in stock for a CPU:
// they look at how often that has happened (drivers/char/random.c).
Result<> reseed(std::span<const std::byte> bytes) {
  const kvm::UniqueFd random(::open("/dev/urandom", O_RDWR | O_CLOEXEC));
  if (!random) {
    return fail_errno(errno, "open /dev/urandom");
  }
  Entropy entropy;
  entropy.bits = static_cast<int>(bytes.size() * 8);
  entropy.bytes = static_cast<int>(bytes.size());
  std::memcpy(entropy.data.data(), bytes.data(), bytes.size());
  if (::ioctl(random.get(), RNDADDENTROPY, &entropy) != 0) {
    return fail_errno(errno, "RNDADDENTROPY");
  }
  if (::ioctl(random.get(), RNDRESEEDCRNG) != 0) {
    return fail_errno(errno, "RNDRESEEDCRNG");
  }
  return {};
}

} // namespace

Result<> take_on(const kvm::Identity& identity) {
  TRY(reseed(identity.entropy));
  const timespec now{.tv_sec = identity.wall_clock_ns / 1'000'000'000,
                     .tv_nsec = identity.wall_clock_ns % 1'000'000'000};
  if (::clock_settime(CLOCK_REALTIME, &now) != 0) {
    return fail_errno(errno, "clock_settime CLOCK_REALTIME");
  }
  return {};
}

} // namespace schedrig::agent
