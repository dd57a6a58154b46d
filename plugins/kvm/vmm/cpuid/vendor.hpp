// SPDX-License-Identifier: MIT
// CpuVendor: whose CPUID leaves a guest gets. Apart from cpuid.hpp for the sake of vm.hpp's users.
#pragma once

#include <cstdint>

namespace schedrig::kvm {

enum class CpuVendor : std::uint32_t { kIntel = 0, kAmd = 1 };

} // namespace schedrig::kvm
