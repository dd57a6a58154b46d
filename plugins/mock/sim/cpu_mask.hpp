// SPDX-License-Identifier: MIT
// CpuMask: a set of CPUs as a fixed array of words, lowest CPU first (cpumask_t of the simulated
// machine). Plain data: fits into a struct that is laid out as memory. Thread: any.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <span>

#include <schedrig/topology.hpp>

namespace schedrig::mock {

using CpuId = std::uint32_t;
inline constexpr CpuId kNoCpu = ~0U;

struct CpuMask {
  static constexpr std::uint32_t kWords = kMaxCpus / 64;
  std::array<std::uint64_t, kWords> words{};

  [[nodiscard]] static CpuMask first_n(std::uint32_t n) {
    CpuMask mask;
    for (CpuId cpu = 0; cpu < n; ++cpu) {
      mask.set(cpu);
    }
    return mask;
  }

  void set(CpuId cpu) { words[cpu / 64] |= 1ULL << (cpu % 64); }
  void clear(CpuId cpu) { words[cpu / 64] &= ~(1ULL << (cpu % 64)); }
  [[nodiscard]] bool test(CpuId cpu) const {
    return cpu < kMaxCpus && ((words[cpu / 64] >> (cpu % 64)) & 1U) != 0;
  }
  [[nodiscard]] bool empty() const {
    return std::all_of(words.begin(), words.end(), [](std::uint64_t word) { return word == 0; });
  }
  [[nodiscard]] std::uint32_t count() const {
    std::uint32_t total = 0;
    for (const std::uint64_t word : words) {
      total += static_cast<std::uint32_t>(std::popcount(word));
    }
    return total;
  }
  // The lowest CPU of this mask that is also in `other`, or kNoCpu. `other` may be shorter.
  [[nodiscard]] CpuId first_and(std::span<const std::uint64_t> other) const {
    const std::size_t n = std::min<std::size_t>(other.size(), kWords);
    for (std::size_t i = 0; i < n; ++i) {
      if (const std::uint64_t both = words[i] & other[i]; both != 0) {
        return static_cast<CpuId>((i * 64) + static_cast<std::size_t>(std::countr_zero(both)));
      }
    }
    return kNoCpu;
  }
  [[nodiscard]] CpuId first() const { return first_and(words); }
  // The CPU with n lower ones in the mask, or kNoCpu.
  [[nodiscard]] CpuId nth(std::uint32_t n) const {
    for (std::uint32_t i = 0; i < kWords; ++i) {
      std::uint64_t word = words[i];
      const auto here = static_cast<std::uint32_t>(std::popcount(word));
      if (n >= here) {
        n -= here;
        continue;
      }
      for (; n > 0; --n) {
        word &= word - 1;
      }
      return (i * 64) + static_cast<CpuId>(std::countr_zero(word));
    }
    return kNoCpu;
  }

  friend CpuMask operator&(const CpuMask& a, const CpuMask& b) {
    CpuMask both;
    for (std::uint32_t i = 0; i < kWords; ++i) {
      both.words[i] = a.words[i] & b.words[i];
    }
    return both;
  }
  friend bool operator==(const CpuMask&, const CpuMask&) = default;
};

} // namespace schedrig::mock
