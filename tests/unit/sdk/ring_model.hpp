// SPDX-License-Identifier: MIT
// Exhaustive interleaving of two sides that share a small ring. Each access to shared memory is a
// step; all orders of steps are tried. A side's next step is found by running it from its start
// with what it read so far, so that the sides are the real code and states can be compared.
//
// Stores stay in the side's own buffer first and reach memory in any order, but for a release
// store, which waits until all before it have: what the ring relies on. kNoOrder takes that away;
// kInOrder has no buffer.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <vector>

#include <schedrig/ring.hpp>

namespace schedrig::model {

inline constexpr std::uint32_t kMostSlots = 4;

// Shared words: the four indices, two of each submission, two of each completion.
inline constexpr std::size_t kFirstSubmission = 4;
inline constexpr std::size_t kFirstCompletion = kFirstSubmission + 2 * kMostSlots;
inline constexpr std::size_t kCells = kFirstCompletion + 2 * kMostSlots;
using Cells = std::array<std::uint64_t, kCells>;

enum class Order : std::uint8_t { kRelease, kNoOrder, kInOrder };

struct Store {
  std::size_t cell = 0;
  std::uint64_t value = 0;
  auto operator<=>(const Store&) const = default;
};

struct SideState {
  std::size_t steps = 0;
  bool ended = false;
  std::vector<std::uint64_t> reads;
  std::vector<Store> buffer;
  auto operator<=>(const SideState&) const = default;
};

struct State {
  Cells cells{};
  std::array<SideState, 2> sides;
  auto operator<=>(const State&) const = default;
};

// Thrown where a side would take a step that is not its turn.
struct Suspended {};

// Carries a side's accesses out: the first ones as they were, then as many as `live` says.
class Stepper {
 public:
  Stepper(State& state, std::size_t side, Order order, std::size_t live)
      : state_(&state), side_(&state.sides[side]), order_(order), live_(live) {}

  std::uint64_t read(std::size_t cell) {
    if (replayed_ < side_->steps) {
      ++replayed_;
      return side_->reads[replayed_reads_++];
    }
    take_turn();
    side_->reads.push_back(state_->cells[cell]);
    ++replayed_reads_;
    return side_->reads.back();
  }
  void write(std::size_t cell, std::uint64_t value, bool release) {
    if (replayed_ < side_->steps) {
      ++replayed_;
      return;
    }
    if (release && order_ == Order::kRelease && !side_->buffer.empty()) {
      throw Suspended{}; // until the buffer is empty
    }
    take_turn();
    if (order_ == Order::kInOrder || (release && order_ == Order::kRelease)) {
      state_->cells[cell] = value;
    } else {
      side_->buffer.push_back({cell, value});
    }
  }

 private:
  void take_turn() {
    if (live_ == 0) {
      throw Suspended{};
    }
    --live_;
    ++replayed_;
    ++side_->steps;
  }

  State* state_;
  SideState* side_;
  Order order_;
  std::size_t live_;
  std::size_t replayed_ = 0;
  std::size_t replayed_reads_ = 0;
};

// The memory of a ring whose entries are one number, written as two words, so that half-written
// ones show.
template <std::uint32_t kSlotCount> class ModelMemory {
  static_assert(kSlotCount <= kMostSlots);

 public:
  static constexpr std::uint32_t kSlots = kSlotCount;

  explicit ModelMemory(Stepper& stepper) : stepper_(&stepper) {}

  std::uint32_t load(RingIndex index) {
    return static_cast<std::uint32_t>(stepper_->read(static_cast<std::size_t>(index)));
  }
  void store(RingIndex index, std::uint32_t value) {
    stepper_->write(static_cast<std::size_t>(index), value, true);
  }
  RingSubmission submission(std::uint32_t slot) {
    RingSubmission entry{};
    entry.args[0] = stepper_->read(kFirstSubmission + 2 * slot);
    entry.user_data = stepper_->read(kFirstSubmission + 2 * slot + 1);
    entry.flags = kRingNeedCompletion;
    return entry;
  }
  void put_submission(std::uint32_t slot, const RingSubmission& entry) {
    stepper_->write(kFirstSubmission + 2 * slot, entry.args[0], false);
    stepper_->write(kFirstSubmission + 2 * slot + 1, entry.user_data, false);
  }
  RingCompletion completion(std::uint32_t slot) {
    RingCompletion entry{};
    entry.result = static_cast<std::int64_t>(stepper_->read(kFirstCompletion + 2 * slot));
    entry.user_data = stepper_->read(kFirstCompletion + 2 * slot + 1);
    return entry;
  }
  void put_completion(std::uint32_t slot, const RingCompletion& entry) {
    stepper_->write(kFirstCompletion + 2 * slot, static_cast<std::uint64_t>(entry.result), false);
    stepper_->write(kFirstCompletion + 2 * slot + 1, entry.user_data, false);
  }
  void set_dead(RingFault) {} // the consumer keeps its fault itself

 private:
  Stepper* stepper_;
};

using Script = std::function<void(Stepper&)>;
// Called once for each state in which neither side can go on. False: it is wrong, and the search
// ends.
using Judge = std::function<bool(State)>;

struct Explored {
  std::size_t states = 0;
  std::size_t ends = 0;
  bool right = true;
};

[[nodiscard]] Explored explore(const State& start, const std::array<Script, 2>& scripts,
                               Order order, const Judge& judge);

} // namespace schedrig::model
