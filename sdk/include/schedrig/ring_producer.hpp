// SPDX-License-Identifier: MIT
// RingProducer: the program's side of a submission ring (ring.hpp) in C++, for a producer that is
// not a program in the machine; those have ring.h. It puts entries, publishes them at once, and
// takes completions; ringing the doorbell is its owner's business.
//
// `Memory`: RingMemory, or one with the same functions. Ownership: the memory stays the caller's.
// Thread: the owner's, one for a ring.
#pragma once

#include <cstdint>
#include <optional>

#include <schedrig/ring.hpp>

namespace schedrig {

enum class RingPut : std::uint32_t {
  kDone = 0,
  kFull = 1,        // kSlots entries are pending
  kBadConsumer = 2, // the consumer's index makes no sense
};

template <class Memory> class RingProducer {
  static constexpr std::uint32_t kSlots = Memory::kSlots;

 public:
  // Starts where the ring's indices stand now.
  explicit RingProducer(Memory memory)
      : memory_(memory), submit_head_(memory_.load(RingIndex::kSubmitHead)),
        submit_tail_(memory_.load(RingIndex::kSubmitTail)),
        complete_tail_(memory_.load(RingIndex::kCompleteTail)), complete_head_(complete_tail_) {}

  // The consumer does not see it before publish().
  [[nodiscard]] RingPut put(const RingSubmission& entry) {
    if (submit_head_ - submit_tail_ >= kSlots) {
      submit_tail_ = memory_.load(RingIndex::kSubmitTail);
      if (submit_head_ - submit_tail_ > kSlots) {
        return RingPut::kBadConsumer;
      }
      if (submit_head_ - submit_tail_ == kSlots) {
        return RingPut::kFull;
      }
    }
    memory_.put_submission(submit_head_ % kSlots, entry);
    ++submit_head_;
    return RingPut::kDone;
  }

  void publish() { memory_.store(RingIndex::kSubmitHead, submit_head_); }

  // Nothing: none is there, or the consumer's index makes no sense.
  [[nodiscard]] std::optional<RingCompletion> take() {
    if (complete_head_ == complete_tail_) {
      complete_head_ = memory_.load(RingIndex::kCompleteHead);
      if (complete_head_ - complete_tail_ > kSlots) {
        complete_head_ = complete_tail_;
      }
    }
    if (complete_head_ == complete_tail_) {
      return std::nullopt;
    }
    const RingCompletion completion = memory_.completion(complete_tail_ % kSlots);
    ++complete_tail_;
    memory_.store(RingIndex::kCompleteTail, complete_tail_);
    return completion;
  }

  // All that are there, `use(const RingCompletion&)`, in order, and how many: the consumer gets
  // their slots back in one go. 0: none, or the consumer's index makes no sense.
  template <class Use> std::uint32_t take_all(Use&& use) {
    const std::uint32_t head = memory_.load(RingIndex::kCompleteHead);
    const std::uint32_t count = head - complete_tail_;
    if (count == 0 || count > kSlots) {
      return 0;
    }
    for (std::uint32_t tail = complete_tail_; tail != head; ++tail) {
      use(memory_.completion(tail % kSlots));
    }
    complete_tail_ = head;
    complete_head_ = head;
    memory_.store(RingIndex::kCompleteTail, head);
    return count;
  }

  [[nodiscard]] RingFault fault() const { return memory_.fault(); }

 private:
  Memory memory_;
  std::uint32_t submit_head_;
  std::uint32_t submit_tail_; // as read last
  std::uint32_t complete_tail_;
  std::uint32_t complete_head_; // as read last
};

} // namespace schedrig
