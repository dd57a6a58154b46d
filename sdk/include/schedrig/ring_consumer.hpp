// SPDX-License-Identifier: MIT
// RingConsumer: the host's side of a submission ring (ring.hpp). Everything in the ring's memory is
// the program's to write, at any time: the head is read once for a drain, an entry is copied before
// it is looked at, the own indices are kept here and never read back, and nothing is carried out
// while there is no room to say how it went. What breaks the rules ends the ring for good.
//
// `Memory`: RingMemory, or one with the same functions. Ownership: the memory stays the caller's.
// Thread: the owner's.
#pragma once

#include <array>
#include <cerrno>
#include <cstdint>

#include <schedrig/ring.hpp>

namespace schedrig {

// How one operation went.
struct RingResult {
  std::int64_t value = 0; // -errno of one that failed
  bool failed = false;
  bool pending = false; // it goes on: complete_pending() says how it went

  static constexpr RingResult error(int os_errno) noexcept { return {-os_errno, true, false}; }
  static constexpr RingResult later() noexcept { return {0, false, true}; }
};

// What a ring has done so far.
struct RingCounts {
  std::uint64_t drains = 0; // doorbells answered
  std::uint64_t empty = 0;  // of these, with nothing to do
  std::uint64_t stalls = 0; // of these, ended early since there was no room for a completion
  std::uint64_t entries = 0;
  std::uint64_t failed = 0;
  std::uint64_t canceled = 0; // of the failed, for a barrier before them
  std::uint64_t completions = 0;
  std::uint32_t largest_batch = 0; // entries of one drain
};

struct RingDrain {
  std::uint32_t entries = 0;
  bool more_coming = false; // the last entry says so: look again before you sleep
  // There is more, and no room for completions: look again after a while, no doorbell will say
  // when.
  bool stalled = false;
  RingFault fault = RingFault::kNone;
};

template <class Memory> class RingConsumer {
  static constexpr std::uint32_t kSlots = Memory::kSlots;
  static_assert((kSlots & (kSlots - 1)) == 0, "indices wrap at 2^32");

 public:
  // Starts where the ring's indices stand now.
  explicit RingConsumer(Memory memory)
      : memory_(memory), submit_tail_(memory_.load(RingIndex::kSubmitTail)),
        complete_head_(memory_.load(RingIndex::kCompleteHead)),
        complete_tail_(memory_.load(RingIndex::kCompleteTail)) {}

  // Carries out what was published when it looked, at most kSlots entries, in order:
  // `execute(const RingSubmission&) -> RingResult`, with a copy.
  template <class Execute> RingDrain drain(Execute&& execute) {
    RingDrain done;
    done.fault = fault_;
    if (fault_ != RingFault::kNone) {
      return done;
    }
    ++counts_.drains;
    const std::uint32_t head = memory_.load(RingIndex::kSubmitHead);
    const std::uint32_t pending = head - submit_tail_;
    if (pending > kSlots) {
      kill(RingFault::kTooManyPending);
    }
    counts_.empty += pending == 0 ? 1 : 0;
    const std::uint32_t first = submit_tail_;
    Pass pass{.tail = submit_tail_, .completed = complete_head_, .room = room(complete_head_)};
    draining_ = true;
    while (fault_ == RingFault::kNone && pass.tail != head) {
      if (pass.room == 0 && !look_for_room(pass)) {
        done.stalled = fault_ == RingFault::kNone;
        break;
      }
      const RingSubmission entry = memory_.submission(pass.tail % kSlots);
      if (!well_formed(entry)) {
        keep(pass);
        kill(RingFault::kReservedBits);
        break;
      }
      const bool barrier = (entry.flags & kRingBarrier) != 0;
      if (barrier && pending_ != 0) {
        break; // not all before it are done: drain again when they are
      }
      if (barrier) {
        keep(pass);
        publish();
      }
      const RingResult result =
          canceling_ ? RingResult::error(ECANCELED) : RingResult(execute(entry));
      if (result.pending) {
        ++pending_;
        --pass.room;
      } else {
        complete(pass, entry, result);
      }
      ++pass.tail;
      complete_late(pass);
      if (barrier || canceling_) {
        cancel(barrier && result.failed, head, pass.tail);
      }
      done.more_coming = (entry.flags & kRingMoreComing) != 0;
    }
    draining_ = false;
    done.entries = pass.tail - first;
    keep(pass);
    publish();
    counts_.stalls += done.stalled ? 1 : 0;
    counts_.entries += done.entries;
    counts_.largest_batch =
        done.entries > counts_.largest_batch ? done.entries : counts_.largest_batch;
    done.fault = fault_;
    return done;
  }

  // An operation is done whose result was pending, of an entry with that user_data and those flags;
  // another operation may be what ended it. There is room: it was kept.
  void complete_pending(std::uint64_t user_data, std::uint16_t flags, const RingResult& result) {
    if (late_count_ == pending_) {
      return; // nothing goes on
    }
    late_[late_count_++] = {user_data, flags, result};
    if (!draining_) {
      Pass pass{.tail = submit_tail_, .completed = complete_head_, .room = 0};
      complete_late(pass);
      keep(pass);
      publish();
    }
  }

  // Ends the ring: the first reason stays.
  void kill(RingFault reason) {
    if (fault_ == RingFault::kNone) {
      fault_ = reason;
      publish(); // what was done has been done
      memory_.set_dead(reason);
    }
  }

  [[nodiscard]] RingFault fault() const noexcept { return fault_; }
  [[nodiscard]] const RingCounts& counts() const noexcept { return counts_; }

 private:
  static constexpr std::uint16_t kKnownFlags = kRingNeedCompletion | kRingBarrier | kRingMoreComing;

  static bool well_formed(const RingSubmission& entry) noexcept {
    return (entry.flags & ~kKnownFlags) == 0 && entry.reserved == 0 && entry.padding == 0;
  }

  // An operation that ended after its entry was left behind.
  struct Late {
    std::uint64_t user_data = 0;
    std::uint16_t flags = 0;
    RingResult result;
  };

  // What a drain moves, apart from the members: these would be read from memory again behind each
  // access to the ring's, which costs as much as the copy of an entry.
  struct Pass {
    std::uint32_t tail;
    std::uint32_t completed;
    std::uint32_t room; // for completions
    std::uint32_t failed = 0;
  };

  void keep(Pass& pass) {
    submit_tail_ = pass.tail;
    counts_.completions += pass.completed - complete_head_;
    complete_head_ = pass.completed;
    counts_.failed += pass.failed;
    pass.failed = 0;
  }

  // The program's index is looked at only when it matters.
  bool look_for_room(Pass& pass) {
    const std::uint32_t tail = memory_.load(RingIndex::kCompleteTail);
    if (pass.completed - tail > kSlots) {
      keep(pass);
      kill(RingFault::kTooManyCompletions);
      return false;
    }
    complete_tail_ = tail;
    pass.room = room(pass.completed);
    return pass.room != 0;
  }

  // Of the completions of operations that go on, their slots are kept.
  [[nodiscard]] std::uint32_t room(std::uint32_t completed) const noexcept {
    const std::uint32_t used = completed - complete_tail_ + pending_;
    return used < kSlots ? kSlots - used : 0;
  }

  // A barrier that failed cancels up to the head that was read when it ran, however many drains
  // that takes.
  void cancel(bool barrier_failed, std::uint32_t head, std::uint32_t tail) {
    counts_.canceled += canceling_ ? 1 : 0;
    if (barrier_failed && !canceling_) {
      canceling_ = true;
      cancel_up_to_ = head;
    }
    canceling_ = canceling_ && tail != cancel_up_to_;
  }

  void complete(Pass& pass, const RingSubmission& entry, const RingResult& result) {
    pass.failed += result.failed ? 1 : 0;
    if (result.failed || (entry.flags & kRingNeedCompletion) != 0) {
      put(pass, entry.user_data, result);
      --pass.room;
    }
  }

  // What ended while the ring was being drained has its slot, or gives it back.
  void complete_late(Pass& pass) {
    for (std::uint32_t i = 0; i < late_count_; ++i) {
      const Late& late = late_[i];
      --pending_;
      pass.failed += late.result.failed ? 1 : 0;
      if (fault_ == RingFault::kNone &&
          (late.result.failed || (late.flags & kRingNeedCompletion) != 0)) {
        put(pass, late.user_data, late.result);
      } else {
        ++pass.room;
      }
    }
    late_count_ = 0;
  }

  void put(Pass& pass, std::uint64_t user_data, const RingResult& result) {
    RingCompletion completion{};
    completion.result = result.value;
    completion.user_data = user_data;
    completion.flags = result.failed ? kRingFailed : std::uint16_t{0};
    memory_.put_completion(pass.completed % kSlots, completion);
    ++pass.completed;
  }

  void publish() {
    if (published_head_ != complete_head_) {
      published_head_ = complete_head_;
      memory_.store(RingIndex::kCompleteHead, complete_head_);
    }
    if (published_tail_ != submit_tail_) {
      published_tail_ = submit_tail_;
      memory_.store(RingIndex::kSubmitTail, submit_tail_);
    }
  }

  Memory memory_;
  std::uint32_t submit_tail_;
  std::uint32_t complete_head_;
  std::uint32_t complete_tail_; // as read last
  std::uint32_t published_tail_ = submit_tail_;
  std::uint32_t published_head_ = complete_head_;
  std::uint32_t pending_ = 0; // operations that go on
  std::array<Late, kSlots> late_{};
  std::uint32_t late_count_ = 0;
  bool draining_ = false;
  bool canceling_ = false;
  std::uint32_t cancel_up_to_ = 0;
  RingFault fault_ = RingFault::kNone;
  RingCounts counts_;
};

} // namespace schedrig
