// SPDX-License-Identifier: MIT
// LostTime: of the time that a machine's clock shows, how much its CPUs could not use, because the
// host ran something else or the machine stood still. Thread: any (pure).
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

namespace schedrig::engine {

class LostTime {
 public:
  // By the machine's clock, never before the last one; of each CPU what it had lost by then, for
  // every moment of as many CPUs.
  void add(std::int64_t at_ns, std::vector<std::int64_t> lost_ns);

  // How much longer than own_ns it takes, up to the last moment, for the CPU that loses most to
  // have had own_ns for itself. Moments that can no longer matter are forgotten: as long as own_ns
  // stays the same.
  [[nodiscard]] std::int64_t within(std::int64_t own_ns);

 private:
  struct Moment {
    std::int64_t at_ns = 0;
    std::vector<std::int64_t> lost_ns;
  };
  [[nodiscard]] std::int64_t lost_since(const Moment& moment) const;

  std::deque<Moment> moments_;
};

} // namespace schedrig::engine
