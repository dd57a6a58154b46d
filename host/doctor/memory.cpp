// SPDX-License-Identifier: MIT
// Finding: is there memory for a guest and for the lab's emulated host?
#include <cstdint>
#include <fstream>
#include <string>

#include "host/doctor/finding.hpp"

namespace schedrig::doctor {
namespace {

// A config's default guest has 512 MiB; the lab's emulated host 3 GiB, and QEMU needs about
// 0.5 GiB beside it (translated code, firmware, the initramfs once more).
constexpr std::uint64_t kGuestMib = 768;
constexpr std::uint64_t kLabMib = 3584;

} // namespace

Finding find_memory() {
  const std::string name = "memory";
  std::ifstream file("/proc/meminfo");
  std::string key;
  std::string unit;
  std::uint64_t kib = 0;
  while (file >> key >> kib && key != "MemAvailable:") {
    std::getline(file, unit);
  }
  if (key != "MemAvailable:") {
    return {name, Severity::kWarn, "no MemAvailable in /proc/meminfo",
            "whether guests fit is not known", "check by hand that 4 GiB are free"};
  }
  const std::uint64_t mib = kib / 1024;
  const std::string observed = std::to_string(mib) + " MiB available";
  if (mib < kGuestMib) {
    return {name, Severity::kFail, observed, "a guest of the default size does not fit",
            "free memory, or set machine.memory lower"};
  }
  if (mib < kLabMib) {
    return {name, Severity::kWarn, observed,
            "the lab's emulated host needs " + std::to_string(kLabMib) + " MiB",
            "free memory before using the lab"};
  }
  return {name, Severity::kOk, observed, {}, {}};
}

} // namespace schedrig::doctor
