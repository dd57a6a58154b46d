// SPDX-License-Identifier: MIT
// The submission ring in C++: names for what ring.h lays out, and its memory as both sides reach
// it. Consumer: ring_consumer.hpp; producer: ring_producer.hpp.
//
// The other side writes at any time, so shared memory is read in one place only, word by word, each
// word once: what follows works on a copy that nobody else can change. Ownership: the region stays
// the caller's. Thread: any.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include <schedrig/ring.h>

namespace schedrig {

using RingSubmission = schedrig_ring_submission;
using RingCompletion = schedrig_ring_completion;

enum class RingOpcode : std::uint16_t {
  kNoop = SCHEDRIG_RING_NOOP,
  kKernelOp = SCHEDRIG_RING_KERNEL_OP,
  kReadU32 = SCHEDRIG_RING_READ_U32,
  kReadU64 = SCHEDRIG_RING_READ_U64,
  kWriteU32 = SCHEDRIG_RING_WRITE_U32,
  kWriteU64 = SCHEDRIG_RING_WRITE_U64,
  kOrU32 = SCHEDRIG_RING_OR_U32,
  kSnapshot = SCHEDRIG_RING_SNAPSHOT,
  kSchedCommand = SCHEDRIG_RING_SCHED_COMMAND,
};

inline constexpr std::uint16_t kRingNeedCompletion = SCHEDRIG_RING_NEED_COMPLETION;
inline constexpr std::uint16_t kRingBarrier = SCHEDRIG_RING_BARRIER;
inline constexpr std::uint16_t kRingMoreComing = SCHEDRIG_RING_MORE_COMING;
inline constexpr std::uint16_t kRingFailed = SCHEDRIG_RING_FAILED;

// Why a ring is dead.
enum class RingFault : std::uint32_t {
  kNone = 0,
  kTooManyPending = SCHEDRIG_RING_TOO_MANY_PENDING,
  kReservedBits = SCHEDRIG_RING_RESERVED_BITS,
  kTooManyCompletions = SCHEDRIG_RING_TOO_MANY_COMPLETIONS,
  kProducerGone = SCHEDRIG_RING_PRODUCER_GONE,
  kStopped = SCHEDRIG_RING_STOPPED,
};

[[nodiscard]] constexpr std::string_view to_string(RingFault fault) noexcept {
  switch (fault) {
  case RingFault::kNone:
    return "running";
  case RingFault::kTooManyPending:
    return "more than 64 entries were pending";
  case RingFault::kReservedBits:
    return "an entry had reserved bits set";
  case RingFault::kTooManyCompletions:
    return "completions were taken that had not been posted";
  case RingFault::kProducerGone:
    return "its program has ended";
  case RingFault::kStopped:
    return "it was stopped";
  }
  return "unknown";
}

enum class RingIndex : std::uint32_t {
  kSubmitHead = 0,
  kSubmitTail = 1,
  kCompleteHead = 2,
  kCompleteTail = 3,
};

// Of shared memory: each word once, in one access. Pieces of a word are cut out of it by hand,
// since a struct put together from words in memory costs a CPU that forwards stores some ten times
// as much.
namespace ring_detail {

using Word = std::uint64_t __attribute__((may_alias));

inline std::uint64_t load_word(const void* entry, std::size_t index) noexcept {
  return __atomic_load_n(static_cast<const Word*>(entry) + index, __ATOMIC_RELAXED);
}
inline void store_word(void* entry, std::size_t index, std::uint64_t value) noexcept {
  __atomic_store_n(static_cast<Word*>(entry) + index, value, __ATOMIC_RELAXED);
}

} // namespace ring_detail

// The ring of 64 slots in shared memory. What the two sides need of any memory, a smaller one
// included: kSlots and these functions.
class RingMemory {
 public:
  static constexpr std::uint32_t kSlots = SCHEDRIG_RING_SLOTS;

  RingMemory(schedrig_ring& ring, schedrig_ring_registers& registers) noexcept
      : ring_(&ring), registers_(&registers) {}

  // Acquire: what the other side wrote before the index is seen behind it.
  [[nodiscard]] std::uint32_t load(RingIndex index) const noexcept {
    return __atomic_load_n(place(index), __ATOMIC_ACQUIRE);
  }
  // Release: the other half.
  void store(RingIndex index, std::uint32_t value) noexcept {
    __atomic_store_n(place(index), value, __ATOMIC_RELEASE);
  }

  [[nodiscard]] RingSubmission submission(std::uint32_t slot) const noexcept {
    const void* shared = &ring_->submissions[slot];
    const std::uint64_t first = ring_detail::load_word(shared, 0);
    RingSubmission entry;
    entry.opcode = static_cast<std::uint16_t>(first);
    entry.flags = static_cast<std::uint16_t>(first >> 16U);
    entry.reserved = static_cast<std::uint32_t>(first >> 32U);
    entry.args[0] = ring_detail::load_word(shared, 1); // no loop: g++ 12 leaves one at -O2
    entry.args[1] = ring_detail::load_word(shared, 2);
    entry.args[2] = ring_detail::load_word(shared, 3);
    entry.args[3] = ring_detail::load_word(shared, 4);
    entry.args[4] = ring_detail::load_word(shared, 5);
    entry.user_data = ring_detail::load_word(shared, 6);
    entry.padding = ring_detail::load_word(shared, 7);
    return entry;
  }
  void put_submission(std::uint32_t slot, const RingSubmission& entry) noexcept {
    void* shared = &ring_->submissions[slot];
    ring_detail::store_word(shared, 0,
                            entry.opcode | std::uint64_t{entry.flags} << 16U |
                                std::uint64_t{entry.reserved} << 32U);
    ring_detail::store_word(shared, 1, entry.args[0]);
    ring_detail::store_word(shared, 2, entry.args[1]);
    ring_detail::store_word(shared, 3, entry.args[2]);
    ring_detail::store_word(shared, 4, entry.args[3]);
    ring_detail::store_word(shared, 5, entry.args[4]);
    ring_detail::store_word(shared, 6, entry.user_data);
    ring_detail::store_word(shared, 7, entry.padding);
  }
  // Reserved fields are written as 0 and not read.
  [[nodiscard]] RingCompletion completion(std::uint32_t slot) const noexcept {
    const void* shared = &ring_->completions[slot];
    RingCompletion entry{};
    entry.result = static_cast<std::int64_t>(ring_detail::load_word(shared, 0));
    entry.user_data = ring_detail::load_word(shared, 1);
    entry.flags = static_cast<std::uint16_t>(ring_detail::load_word(shared, 2));
    return entry;
  }
  void put_completion(std::uint32_t slot, const RingCompletion& entry) noexcept {
    void* shared = &ring_->completions[slot];
    ring_detail::store_word(shared, 0, static_cast<std::uint64_t>(entry.result));
    ring_detail::store_word(shared, 1, entry.user_data);
    ring_detail::store_word(shared, 2, entry.flags);
    ring_detail::store_word(shared, 3, 0);
  }

  [[nodiscard]] RingFault fault() const noexcept {
    return __atomic_load_n(&registers_->state, __ATOMIC_ACQUIRE) == SCHEDRIG_RING_DEAD
               ? static_cast<RingFault>(__atomic_load_n(&registers_->reason, __ATOMIC_RELAXED))
               : RingFault::kNone;
  }
  void set_dead(RingFault reason) noexcept {
    __atomic_store_n(&registers_->reason, static_cast<std::uint32_t>(reason), __ATOMIC_RELAXED);
    __atomic_store_n(&registers_->state, SCHEDRIG_RING_DEAD, __ATOMIC_RELEASE);
  }

 private:
  [[nodiscard]] std::uint32_t* place(RingIndex index) const noexcept {
    return reinterpret_cast<std::uint32_t*>(ring_) + static_cast<std::uint32_t>(index);
  }

  schedrig_ring* ring_;
  schedrig_ring_registers* registers_;
};

// Page 0 of a ring that runs.
[[nodiscard]] constexpr schedrig_ring_registers ring_registers() noexcept {
  schedrig_ring_registers registers{};
  registers.magic = SCHEDRIG_RING_MAGIC;
  registers.version = SCHEDRIG_RING_VERSION;
  registers.state = SCHEDRIG_RING_RUNNING;
  registers.slots = SCHEDRIG_RING_SLOTS;
  registers.ring_offset = SCHEDRIG_RING_OFFSET;
  registers.ring_bytes = sizeof(schedrig_ring);
  registers.data_offset = SCHEDRIG_RING_DATA_OFFSET;
  registers.data_bytes = SCHEDRIG_RING_DATA_BYTES;
  return registers;
}

// The whole region in one's own memory.
// NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): whole pages
struct alignas(SCHEDRIG_RING_PAGE) RingRegion {
  schedrig_ring_registers registers = ring_registers();
  alignas(SCHEDRIG_RING_PAGE) schedrig_ring ring{};
  alignas(SCHEDRIG_RING_PAGE) std::array<std::uint8_t, SCHEDRIG_RING_DATA_BYTES> data{};
};
static_assert(offsetof(RingRegion, ring) == SCHEDRIG_RING_OFFSET);
static_assert(offsetof(RingRegion, data) == SCHEDRIG_RING_DATA_OFFSET);
static_assert(sizeof(RingRegion) == SCHEDRIG_RING_REGION_BYTES);

// The part [offset, offset + bytes) of a ring's data area; empty where it is not within, or empty.
[[nodiscard]] constexpr std::span<std::uint8_t>
ring_data(std::span<std::uint8_t> area, std::uint64_t offset, std::uint64_t bytes) noexcept {
  return offset <= area.size() && bytes <= area.size() - offset ? area.subspan(offset, bytes)
                                                                : std::span<std::uint8_t>();
}

} // namespace schedrig
