// SPDX-License-Identifier: MIT
// A submission ring in this process's memory, with both sides at hand.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <schedrig/ring_consumer.hpp>
#include <schedrig/ring_producer.hpp>

namespace schedrig {

// All four indices at `index`, as after so many entries that were completed and taken.
inline void start_ring_at(RingRegion& region, std::uint32_t index) {
  region.ring.submit_head = region.ring.submit_tail = index;
  region.ring.complete_head = region.ring.complete_tail = index;
}

inline std::unique_ptr<RingRegion> ring_region(std::uint32_t index = 0) {
  auto region = std::make_unique<RingRegion>();
  start_ring_at(*region, index);
  return region;
}

inline RingSubmission ring_entry(std::uint64_t user_data, std::uint16_t flags = 0) {
  RingSubmission entry{};
  entry.flags = flags;
  entry.user_data = user_data;
  return entry;
}

inline RingSubmission failing_entry(std::uint64_t user_data, int os_errno,
                                    std::uint16_t flags = 0) {
  RingSubmission entry = ring_entry(user_data, flags);
  entry.args[0] = static_cast<std::uint64_t>(os_errno);
  return entry;
}

inline constexpr std::uint32_t kSlots = RingMemory::kSlots;

inline std::vector<RingSubmission> entries(std::uint32_t count, std::uint16_t flags) {
  std::vector<RingSubmission> all;
  all.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    all.push_back(ring_entry(i, flags));
  }
  return all;
}

inline std::vector<std::uint64_t> user_data(const std::vector<RingCompletion>& completions) {
  std::vector<std::uint64_t> all;
  all.reserve(completions.size());
  for (const RingCompletion& completion : completions) {
    all.push_back(completion.user_data);
  }
  return all;
}

struct RingRig {
  explicit RingRig(std::uint32_t index = 0) : region(ring_region(index)) {}

  // Keeps what it is given and fails with its argument 0, if that is not zero.
  RingDrain drain() {
    return consumer.drain([this](const RingSubmission& entry) {
      carried_out.push_back(entry.user_data);
      return entry.args[0] != 0 ? RingResult::error(static_cast<int>(entry.args[0]))
                                : RingResult{static_cast<std::int64_t>(entry.user_data) * 2};
    });
  }

  void submit(const std::vector<RingSubmission>& entries) {
    for (const RingSubmission& entry : entries) {
      (void)producer.put(entry);
    }
    producer.publish();
  }

  [[nodiscard]] std::vector<RingCompletion> completions() {
    std::vector<RingCompletion> all;
    while (const auto completion = producer.take()) {
      all.push_back(*completion);
    }
    return all;
  }

  std::unique_ptr<RingRegion> region;
  RingMemory memory{region->ring, region->registers};
  RingProducer<RingMemory> producer{memory};
  RingConsumer<RingMemory> consumer{memory};
  std::vector<std::uint64_t> carried_out; // user data
};

} // namespace schedrig
