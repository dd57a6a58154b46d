// SPDX-License-Identifier: MIT
// Corruption: damages a kernel's memory at places that something points from, and repairs it; and
// looks at all of a kernel, with the errors that it meets. The same damage each time. Thread: one.
#pragma once

#include <functional>
#include <random>
#include <set>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "host/json/text.hpp"
#include "host/kernel_view/kernel_snapshot.hpp"
#include "host/kernel_view/task_field.hpp"

namespace schedrig::test {

// Guest-physical.
struct Region {
  std::uint64_t start = 0;
  std::uint64_t bytes = 0;
};

struct CorruptiblePlaces {
  Region objects; // in the direct map
  Region per_cpu;
  Region variables;   // of the image
  Region page_tables; // pages of them
  std::uint64_t direct_map = 0;
};

class Corruption {
 public:
  using Get = std::function<std::uint64_t(std::uint64_t address)>;
  using Put = std::function<void(std::uint64_t address, std::uint64_t value)>;

  Corruption(const CorruptiblePlaces& places, Get get, Put put)
      : places_(places), get_(std::move(get)), put_(std::move(put)) {}

  void damage() {
    for (std::uint64_t i = 0; i < 1 + random_() % 6; ++i) {
      const std::uint64_t at = place();
      const std::uint64_t before = get_(at);
      undo_.emplace_back(at, before);
      put_(at, value(at, before));
    }
  }
  void repair() {
    for (auto each = undo_.rbegin(); each != undo_.rend(); ++each) {
      put_(each->first, each->second);
    }
    undo_.clear();
  }

 private:
  std::uint64_t within(const Region& region) {
    return region.start + random_() % (region.bytes / 8) * 8;
  }

  std::uint64_t place() {
    const std::uint64_t where = random_() % 8;
    if (where < 5) {
      return within(places_.objects);
    }
    return within(where == 5   ? places_.per_cpu
                  : where == 6 ? places_.variables
                               : places_.page_tables);
  }

  std::uint64_t value(std::uint64_t at, std::uint64_t before) {
    switch (random_() % 8) {
    case 0:
      return 0;
    case 1:
      return places_.direct_map + at; // itself
    case 2:
      return places_.direct_map + within(places_.objects); // another
    case 3:
      return 0xffff'c900'0000'0000 + random_() % 0x10'0000; // where little is mapped
    case 4:
      return before ^ (1ULL << (random_() % 64));
    case 5:
      return places_.page_tables.start + random_() % (places_.page_tables.bytes / 0x1000) * 0x1000 +
             3;
    case 6:
      return ~std::uint64_t{0} - random_() % 16;
    default:
      return random_();
    }
  }

  CorruptiblePlaces places_;
  Get get_;
  Put put_;
  std::mt19937_64 random_{6}; // NOLINT(cert-msc32-c,cert-msc51-cpp): the same damage each time
  std::vector<std::pair<std::uint64_t, std::uint64_t>> undo_;
};

// Everything that can be read of a kernel, and two targets in it.
class WholeLook {
 public:
  WholeLook(const kernel_view::ImageFacts& facts, MemoryFacet& memory, TaskTarget task,
            MapTarget variable, std::uint64_t variable_bytes)
      : facts_(facts), memory_(memory), task_(std::move(task)), variable_(std::move(variable)),
        variable_bytes_(variable_bytes) {}

  void look() {
    const auto view = kernel_view::KernelView::open(facts_, kernel_view::GuestRam(memory_));
    note(view);
    if (!view) {
      return;
    }
    const kernel_view::KernelSnapshot snapshot = kernel_view::read_snapshot(*view, nullptr);
    note(snapshot.cpus);
    note(snapshot.tasks);
    note(snapshot.dsqs);
    note(snapshot.cgroups);
    note(snapshot.maps);
    note(snapshot.programs);
    whole += snapshot.cpus && snapshot.tasks && snapshot.dsqs && snapshot.cgroups && snapshot.maps
                 ? 1
                 : 0;
    EXPECT_FALSE(json::to_line(kernel_view::render_snapshot(*view, snapshot)).empty());
    note(kernel_view::task_field(*view, task_, 8));
    note(kernel_view::map_variable(*view, variable_, variable_bytes_));
    note(view->kva({view->place().text + view->place().slide + 0x20080}, 8));
  }

  void note(const auto& result) {
    if (result) {
      return;
    }
    codes.insert(result.error().code);
    EXPECT_FALSE(result.error().message.empty());
  }

  int whole = 0;              // looks that found all
  std::set<StatusCode> codes; // of all errors

 private:
  const kernel_view::ImageFacts& facts_;
  MemoryFacet& memory_;
  TaskTarget task_;
  MapTarget variable_;
  std::uint64_t variable_bytes_;
};

// Damages, looks and repairs, again and again. `reads`: how many there were so far.
inline void expect_typed_errors(Corruption& corruption, WholeLook& look,
                                const std::function<std::uint64_t()>& reads) {
  constexpr int kRounds = 10'000;
  constexpr std::uint64_t kMaxReads = 2'000'000; // of one look at everything; whole, it takes 1,000
  look.look();
  EXPECT_EQ(look.whole, 1) << "undamaged, all is found";
  EXPECT_TRUE(look.codes.empty());
  const std::set<StatusCode> expected = {StatusCode::kBadData, StatusCode::kNotFound,
                                         StatusCode::kInvalidArgument};
  for (int round = 0; round < kRounds; ++round) {
    const std::uint64_t before = reads();
    corruption.damage();
    look.look();
    ASSERT_LT(reads() - before, kMaxReads) << "round " << round;
    corruption.repair();
  }
  EXPECT_LT(look.whole, kRounds * 9 / 10) << "damage is noticed";
  EXPECT_GT(look.whole, kRounds / 100) << "what is not damaged is found";
  for (const StatusCode code : look.codes) {
    EXPECT_TRUE(expected.contains(code)) << static_cast<int>(code);
  }
}

} // namespace schedrig::test
