// SPDX-License-Identifier: MIT
// BPF maps and programs: which there are, what they hold, and global variables by name.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/kernel_view/bpf_walk.hpp"
#include "tests/unit/kernel_view/small_kernel_bpf.hpp"

namespace schedrig::kernel_view {
namespace {

using test::SmallKernel;
using test::SmallKernelBpf;
using testing::ElementsAre;
using testing::HasSubstr;

std::uint64_t number(const std::vector<std::uint8_t>& bytes) {
  std::uint64_t value = 0;
  std::memcpy(&value, bytes.data(), std::min(bytes.size(), sizeof value));
  return value;
}

class BpfWalkOf : public testing::Test {
 protected:
  Result<std::vector<MapFacts>> maps() { return BpfWalk::of(kernel_.view()).value().maps(); }
  Result<MapEntries> entries(std::size_t map, std::uint32_t most = 100,
                             std::uint64_t most_bytes = 1'000) {
    const KernelView view = kernel_.view();
    auto walk = BpfWalk::of(view).value();
    const auto all = walk.maps();
    return walk.entries(all->at(map), most, most_bytes);
  }
  static void expect_bad(const auto& result, std::string_view part) {
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, StatusCode::kBadData) << result.error().message;
    EXPECT_THAT(result.error().message, HasSubstr(part));
  }
  Result<Places> variable(std::string name, std::string field, std::uint64_t bytes = 8) {
    return map_variable(kernel_.view(), {.name = std::move(name), .field = std::move(field)},
                        bytes);
  }
  static void expect_error(const Result<Places>& found, StatusCode code, std::string_view part) {
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, code);
    EXPECT_THAT(found.error().message + "; " + found.error().help, HasSubstr(part));
  }

  SmallKernel kernel_;
  SmallKernelBpf bpf_{kernel_};
};

TEST_F(BpfWalkOf, maps_come_by_their_numbers_over_all_levels_of_the_tree) {
  for (const char* name : {"a", "b", "c", "d", "e"}) {
    bpf_.add_array(name, {1});
  }
  const auto all = maps();
  ASSERT_TRUE(all) << all.error().message;
  std::vector<std::string> names;
  for (const MapFacts& map : *all) {
    names.push_back(std::to_string(map.id) + map.name);
  }
  EXPECT_THAT(names, ElementsAre("1a", "2b", "3c", "4d", "5e"));
}

TEST_F(BpfWalkOf, a_kernel_without_maps_has_none) {
  EXPECT_TRUE(maps().value().empty());
}

TEST_F(BpfWalkOf, an_array_has_its_elements_in_order) {
  bpf_.add_array("a", {0, 111, 222});
  const MapEntries found = entries(0).value();
  ASSERT_EQ(found.all.size(), 3U);
  EXPECT_EQ(number(found.all[2].key), 2U);
  EXPECT_EQ(number(found.all[2].values.at(0)), 222U);
  EXPECT_FALSE(found.cut);
}

TEST_F(BpfWalkOf, each_cpu_has_its_own_element) {
  bpf_.add_per_cpu_array("a", 77, 88);
  const MapEntries found = entries(0).value();
  ASSERT_EQ(found.all.size(), 1U);
  ASSERT_EQ(found.all[0].values.size(), 2U);
  EXPECT_EQ(number(found.all[0].values[0]), 77U);
  EXPECT_EQ(number(found.all[0].values[1]), 88U);
}

TEST_F(BpfWalkOf, a_hash_table_has_the_entries_of_all_its_chains) {
  bpf_.add_hash("h", {{4, 40}, {7, 70}, {6, 60}});
  std::vector<std::pair<std::uint64_t, std::uint64_t>> all;
  const MapEntries found = entries(0).value();
  for (const MapEntry& entry : found.all) {
    all.emplace_back(number(entry.key), number(entry.values.at(0)));
  }
  EXPECT_THAT(all, ElementsAre(std::pair(6U, 60U), std::pair(4U, 40U), std::pair(7U, 70U)));
}

TEST_F(BpfWalkOf, what_is_more_than_asked_for_is_cut) {
  bpf_.add_array("a", {1, 2, 3});
  EXPECT_EQ(entries(0, 2).value().all.size(), 2U);
  EXPECT_TRUE(entries(0, 2).value().cut);
  EXPECT_EQ(entries(0, 100, 13).value().all.size(), 1U);
  const std::uint64_t map = bpf_.add_array("b", {1});
  kernel_.put_field(map, "bpf_map", "value_size", 0xffff'ffff);
  EXPECT_TRUE(entries(1).value().cut);
  EXPECT_TRUE(entries(1).value().all.empty());
}

TEST_F(BpfWalkOf, maps_of_other_kinds_are_known_by_name_only) {
  const std::uint64_t map = bpf_.add_array("ring", {1});
  kernel_.put_field(map, "bpf_map", "map_type", 27);
  EXPECT_FALSE(entries(0).value().known);
}

TEST_F(BpfWalkOf, a_chain_that_has_no_end_is_told) {
  bpf_.add_hash("h", {{4, 40}, {6, 60}});
  kernel_.put_at(bpf_.elements[0], bpf_.elements[1]);
  expect_bad(entries(0), "BPF map 1 \"h\": the chain at ");
}

TEST_F(BpfWalkOf, a_node_that_contains_itself_is_told) {
  bpf_.add_array("a", {1});
  kernel_.put_at(bpf_.root + 8 + 24, bpf_.root + 2);
  expect_bad(maps(), "of shift 6 stands below one of 6");
}

TEST_F(BpfWalkOf, a_pointer_to_nothing_in_the_tree_is_told) {
  bpf_.add_array("a", {1});
  kernel_.put_at(bpf_.root + 8 + 24, std::uint64_t{0xffff'c900'0000'0000});
  expect_bad(maps(), "struct bpf_map at 0xffffc90000000000, field id");
}

TEST_F(BpfWalkOf, programs_have_names) {
  bpf_.add_program("mine_enqueue");
  const KernelView view = kernel_.view();
  const auto programs = BpfWalk::of(view).value().programs();
  ASSERT_TRUE(programs) << programs.error().message;
  ASSERT_EQ(programs->size(), 1U);
  EXPECT_EQ(programs->front().name, "mine_enqueue");
  EXPECT_EQ(programs->front().id, 9U);
  EXPECT_EQ(programs->front().type, 27U);
}

TEST_F(BpfWalkOf, a_global_variable_lies_where_its_map_has_it) {
  bpf_.add_array("other", {1});
  const std::uint64_t map = bpf_.add_globals("mine.bss", 5, 7);
  bpf_.add_globals("mine.bss", 6, 8); // of a later load: the first one counts
  const auto knob = variable("mine.bss", "knob", 4);
  ASSERT_TRUE(knob) << knob.error().message;
  EXPECT_EQ(knob->at(0).start, map + 64 + 8 - SmallKernel::kDirect);
  EXPECT_EQ(knob->at(0).bytes, 4U);
}

TEST_F(BpfWalkOf, a_variable_that_is_not_there_is_told_with_what_is) {
  bpf_.add_array("other", {1});
  bpf_.add_globals("mine.bss", 5, 7);
  expect_error(variable("mine.bss", "knob"), StatusCode::kInvalidArgument, "of 4 bytes, not of 8");
  expect_error(variable("mine.bss", "knop"), StatusCode::kNotFound, "did you mean \"knob\"?");
  expect_error(variable("mine.bsd", "knob"), StatusCode::kNotFound, "did you mean \"mine.bss\"?");
  expect_error(variable("my_scheduler.bss", "x"), StatusCode::kNotFound, "keeps 15 characters");
  expect_error(variable("other", "x"), StatusCode::kInvalidArgument, "holds no global variables");
}

TEST_F(BpfWalkOf, types_that_are_damaged_or_huge_are_told) {
  bpf_.add_globals("mine.bss", 5, 7);
  kernel_.put_field(bpf_.types, "btf", "data_size", 0xffff'ffff);
  expect_error(variable("mine.bss", "knob", 4), StatusCode::kBadData, "types of 4294967295 bytes");
  kernel_.put_field(bpf_.types, "btf", "data_size", 20);
  EXPECT_FALSE(variable("mine.bss", "knob", 4));
}

} // namespace
} // namespace schedrig::kernel_view
