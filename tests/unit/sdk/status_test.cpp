// SPDX-License-Identifier: MIT
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include <schedrig/export.hpp>
#include <schedrig/result.hpp>

namespace schedrig {
namespace {

TEST(Status, text_is_cut_at_a_character_boundary) {
  std::string text(Status::kMessageBytes - 2, 'a');
  text += "\xc3\xa9"; // one character, two bytes: only the first would fit
  const Status status = Status::make(StatusCode::kNotFound, text);
  EXPECT_EQ(std::string(status.message), std::string(Status::kMessageBytes - 2, 'a'));
}

TEST(Status, keeps_an_error_whole_on_the_way_there_and_back) {
  const Error error{StatusCode::kOs, "write cgroup.procs", "try again", EBUSY};
  const auto back = from_status(to_status(error));
  ASSERT_FALSE(back);
  EXPECT_EQ(back.error().code, StatusCode::kOs);
  EXPECT_EQ(back.error().message, error.message);
  EXPECT_EQ(back.error().help, error.help);
  EXPECT_EQ(back.error().os_errno, EBUSY);
}

TEST(Guard, turns_exceptions_and_results_into_status) {
  const Status thrown = guard("create", [] { throw std::runtime_error("no luck"); });
  EXPECT_EQ(thrown.code, StatusCode::kInternal);
  EXPECT_STREQ(thrown.message, "create: uncaught exception: no luck");
  const Status odd = guard("create", [] { throw 7; });
  EXPECT_EQ(odd.code, StatusCode::kInternal);
  const Status failed =
      guard("x", []() -> Result<> { return fail(StatusCode::kNotFound, "gone", "look"); });
  EXPECT_EQ(failed.code, StatusCode::kNotFound);
  EXPECT_STREQ(failed.help, "look");
  EXPECT_TRUE(guard("x", []() -> Result<> { return {}; }).ok());
  EXPECT_TRUE(guard("x", [] {}).ok());
}

} // namespace
} // namespace schedrig
