// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "scx_loader/options.hpp"

namespace schedrig::scx {
namespace {

Result<Options> parse(std::vector<const char*> words) {
  words.insert(words.begin(), "schedrig-scx");
  return parse_options(static_cast<int>(words.size()), words.data());
}

TEST(Options, object_globals_and_fields_are_taken_in_any_order) {
  const auto options =
      parse({"--global", "text=a=b", "mine.bpf.o", "--ops", "timeout_ms=500", "--global", "x="});
  ASSERT_TRUE(options) << options.error().message;
  EXPECT_EQ(options->object, "mine.bpf.o");
  ASSERT_EQ(options->globals.size(), 2U);
  EXPECT_EQ(options->globals[0], (std::pair<std::string, std::string>("text", "a=b")));
  EXPECT_EQ(options->globals[1].second, "");
  ASSERT_EQ(options->fields.size(), 1U);
  EXPECT_EQ(options->fields[0].second, 500U);
}

TEST(Options, what_cannot_be_understood_is_refused_with_the_usage) {
  for (const std::vector<const char*>& words :
       std::vector<std::vector<const char*>>{{},
                                             {"a", "b"},
                                             {"a", "--global"},
                                             {"a", "--global", "x"},
                                             {"a", "--global", "=x"},
                                             {"a", "--ops", "timeout_ms=ten"},
                                             {"a", "--ops", "timeout_ms="},
                                             {"a", "--other", "x=1"}}) {
    const auto options = parse(words);
    ASSERT_FALSE(options);
    EXPECT_EQ(options.error().code, StatusCode::kInvalidArgument);
    EXPECT_NE(options.error().help.find("OBJECT"), std::string::npos);
  }
}

} // namespace
} // namespace schedrig::scx
