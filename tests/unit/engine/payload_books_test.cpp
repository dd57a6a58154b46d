// SPDX-License-Identifier: MIT
#include <string>

#include <gtest/gtest.h>

#include "host/engine/payload_books.hpp"

namespace schedrig::engine {
namespace {

class PayloadBooksTest : public testing::Test {
 protected:
  PayloadHandle& start(const PayloadDef& def, std::string cgroup) {
    PayloadHandle handle;
    handle.def = &def;
    handle.cgroup = std::move(cgroup);
    handle.scope = {.owner = Owner::kStep, .name = "step \"one\""};
    handle.pos = {.file = 0, .line = 12, .column = 1};
    handle.pid = 100;
    return books_.add(std::move(handle));
  }
  static PayloadDef named(std::string name) {
    PayloadDef def;
    def.name = std::move(name);
    return def;
  }

  const PayloadDef bench_ = named("bench");
  const PayloadDef other_ = named("other");
  PayloadBooks books_;
};

TEST_F(PayloadBooksTest, a_key_is_a_name_and_a_cgroup) {
  start(bench_, "a");
  EXPECT_TRUE(books_.require_free("bench", "b"));
  EXPECT_TRUE(books_.require_free("bench", ""));
  EXPECT_TRUE(books_.require_free("other", "a"));
  const auto taken = books_.require_free("bench", "a");
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, StatusCode::kAlreadyExists);
  EXPECT_EQ(taken.error().message, "payload \"bench\" in cgroup \"a\" runs already: step \"one\" "
                                   "started it (line 12), pid 100");
}

TEST_F(PayloadBooksTest, without_a_cgroup_the_only_copy_is_meant) {
  const PayloadHandle& only = start(bench_, "a");
  start(other_, "b");
  EXPECT_EQ(books_.require("bench", {}).value(), &only);
  EXPECT_EQ(books_.require("bench", "a").value(), &only);
}

TEST_F(PayloadBooksTest, several_copies_without_a_cgroup_are_listed) {
  start(bench_, "a");
  const PayloadHandle& runner = start(bench_, "");
  const auto several = books_.require("bench", {});
  ASSERT_FALSE(several);
  EXPECT_EQ(several.error().code, StatusCode::kInvalidArgument);
  EXPECT_EQ(several.error().message,
            "payload \"bench\" runs in 2 places: cgroup \"a\", the runner's cgroup");
  EXPECT_EQ(books_.require("bench", "").value(), &runner);
}

TEST_F(PayloadBooksTest, the_wrong_cgroup_is_told_the_right_ones) {
  start(bench_, "a");
  const auto wrong = books_.require("bench", "b");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, StatusCode::kNotFound);
  EXPECT_EQ(wrong.error().message, "payload \"bench\" in cgroup \"b\" was not started");
  EXPECT_EQ(wrong.error().help, "it runs in cgroup \"a\"");
}

TEST_F(PayloadBooksTest, an_ended_one_is_told_from_one_that_never_ran) {
  books_.consume(start(bench_, "a"), "by kill_payload");
  EXPECT_TRUE(books_.live().empty());
  EXPECT_EQ(books_.require("bench", "a").error().message,
            "payload \"bench\" in cgroup \"a\" has ended before, by kill_payload");
  EXPECT_EQ(books_.require("bench", {}).error().message,
            "payload \"bench\" has ended before: in cgroup \"a\" by kill_payload");
  EXPECT_EQ(books_.require("other", {}).error().message, "payload \"other\" was not started");
  EXPECT_EQ(books_.require("other", {}).error().code, StatusCode::kNotFound);
}

TEST_F(PayloadBooksTest, what_is_moved_is_found_where_it_is) {
  const PayloadHandle& moved = start(bench_, "a");
  const PayloadHandle& runners = start(bench_, "");
  start(other_, "c");
  ASSERT_TRUE(books_.require_movable("a", "b"));
  books_.move("a", "b", Scope{.owner = Owner::kBackdrop, .name = "backdrop"});
  EXPECT_EQ(books_.require("bench", "b").value(), &moved);
  EXPECT_EQ(moved.scope.owner, Owner::kBackdrop);
  EXPECT_EQ(runners.cgroup, "") << "only what is in the cgroup moves";
  EXPECT_EQ(books_.require("bench", "a").error().code, StatusCode::kNotFound);
  EXPECT_TRUE(books_.require("other", "c"));
  books_.move("b", "d", {});
  EXPECT_EQ(moved.scope.owner, Owner::kBackdrop) << "without a new owner it keeps its own";
}

TEST_F(PayloadBooksTest, a_name_that_runs_at_the_destination_cannot_be_moved_there) {
  start(bench_, "a");
  start(bench_, "b");
  const auto refused = books_.require_movable("a", "b");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, StatusCode::kAlreadyExists);
}

TEST_F(PayloadBooksTest, an_ended_one_frees_its_key) {
  books_.consume(start(bench_, "a"), "by itself");
  EXPECT_TRUE(books_.require_free("bench", "a"));
  const PayloadHandle& again = start(bench_, "a");
  EXPECT_EQ(books_.require("bench", {}).value(), &again);
}

} // namespace
} // namespace schedrig::engine
