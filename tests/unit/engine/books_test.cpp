// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "host/engine/books.hpp"

namespace schedrig::engine {
namespace {

Cgroup named(std::string name, std::string scope, std::uint32_t line) {
  Cgroup cgroup;
  cgroup.name = std::move(name);
  cgroup.scope = {.owner = Owner::kStep, .name = std::move(scope)};
  cgroup.pos = {.file = 0, .line = line, .column = 1};
  return cgroup;
}

TEST(Books, a_name_in_use_is_refused_and_both_sides_are_named) {
  Books books;
  ASSERT_TRUE(books.add(named("cell", "backdrop", 12)));
  const auto again = books.add(named("cell", "step \"two\"", 40));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, StatusCode::kAlreadyExists);
  EXPECT_EQ(again.error().message, "the name \"cell\" is in use by a cgroup of backdrop (line 12)");
}

TEST(Books, an_unknown_name_is_answered_with_the_nearest) {
  Books books;
  EXPECT_NE(books.require("cell").error().help.find("no cgroup of this run exists"),
            std::string::npos);
  ASSERT_TRUE(books.add(named("workers", "backdrop", 1)));
  const auto found = books.require("wrokers");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, StatusCode::kNotFound);
  EXPECT_NE(found.error().help.find("\"workers\""), std::string::npos) << found.error().help;
}

TEST(Books, a_removed_name_may_be_used_again) {
  Books books;
  ASSERT_TRUE(books.add(named("cell", "backdrop", 1)));
  books.remove("cell");
  EXPECT_EQ(books.find("cell"), nullptr);
  EXPECT_TRUE(books.add(named("cell", "step", 2)));
}

TEST(Books, permits_the_union_of_the_cpusets_a_group_lived_under) {
  Books books;
  Cgroup* cgroup = *books.add(named("cell", "backdrop", 1));
  books.set_cpuset(*cgroup, {0, 1});
  WorkerGroup early;
  early.cgroup = "cell";
  const WorkerGroup& first = books.add_group(early);
  books.set_cpuset(*cgroup, {2});
  const WorkerGroup& second = books.add_group(early);
  EXPECT_EQ(first.permitted, (std::vector<std::uint32_t>{0, 1, 2}));
  EXPECT_FALSE(first.unrestricted);
  EXPECT_EQ(second.permitted, (std::vector<std::uint32_t>{2}));
  books.set_cpuset(*cgroup, {});
  EXPECT_TRUE(first.unrestricted);
}

TEST(Books, a_group_outside_any_cpuset_is_unrestricted) {
  Books books;
  EXPECT_TRUE(books.add_group({}).unrestricted);
}

TEST(Books, a_group_that_moves_takes_its_frozen_times_and_cpus_with_it) {
  Books books;
  Cgroup* from = *books.add(named("from", "backdrop", 1));
  Cgroup* to = *books.add(named("to", "backdrop", 2));
  books.set_cpuset(*from, {0});
  books.set_cpuset(*to, {3});
  WorkerGroup spawned;
  spawned.cgroup = "from";
  spawned.joined_ns = 100;
  WorkerGroup& group = books.add_group(spawned);
  from->frozen = {{.start_ns = 50, .end_ns = 150}}; // began before the group was there
  from->frozen_since_ns = 200;
  to->frozen = {{.start_ns = 210, .end_ns = 220}}; // ended before it came
  books.move_group(group, *to, 250);
  to->frozen_since_ns = 300;

  EXPECT_EQ(group.cgroup, "to");
  EXPECT_EQ(group.permitted, (std::vector<std::uint32_t>{0, 3}));
  const auto times = books.frozen_times(group, 400);
  ASSERT_EQ(times.size(), 3U);
  EXPECT_EQ(times[0].start_ns, 100);
  EXPECT_EQ(times[0].end_ns, 150);
  EXPECT_EQ(times[1].start_ns, 200);
  EXPECT_EQ(times[1].end_ns, 250);
  EXPECT_EQ(times[2].start_ns, 300);
  EXPECT_EQ(times[2].end_ns, 400);
}

} // namespace
} // namespace schedrig::engine
