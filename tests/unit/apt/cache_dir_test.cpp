// SPDX-License-Identifier: MIT
// Cache entries appear whole, and what dead makers left is removed.
#include <csignal>
#include <filesystem>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/apt/cache_dir.hpp"
#include "tests/unit/apt/temp_dir.hpp"

namespace schedrig::apt {
namespace {

namespace fs = std::filesystem;

std::size_t entries(const fs::path& dir) {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator(dir), fs::directory_iterator()));
}

TEST(StagingDir, a_published_entry_is_there_under_its_name_only) {
  const test::TempDir temp;
  {
    auto staging = StagingDir::make(temp.path() / "cache");
    ASSERT_TRUE(staging);
    fs::create_directory(staging->path() / "content");
    ASSERT_TRUE(staging->publish("entry"));
  }
  EXPECT_TRUE(fs::exists(temp.path() / "cache/entry/content"));
  EXPECT_EQ(entries(temp.path() / "cache"), 1U);
}

TEST(StagingDir, an_unpublished_entry_is_removed) {
  const test::TempDir temp;
  {
    const auto staging = StagingDir::make(temp.path());
    ASSERT_TRUE(staging);
    EXPECT_EQ(entries(temp.path()), 1U);
  }
  EXPECT_EQ(entries(temp.path()), 0U);
}

TEST(StagingDir, an_entry_that_is_there_already_stays) {
  const test::TempDir temp;
  temp.write("entry/old", "1");
  auto staging = StagingDir::make(temp.path());
  ASSERT_TRUE(staging);
  ASSERT_TRUE(staging->publish("entry"));
  EXPECT_TRUE(fs::exists(temp.path() / "entry/old"));
}

TEST(StagingDir, what_a_killed_maker_left_is_removed_and_a_living_ones_is_not) {
  const test::TempDir temp;
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const auto staging = StagingDir::make(temp.path());
    ::raise(SIGKILL);
    ::_exit(0);
  }
  ::waitpid(child, nullptr, 0);
  ASSERT_EQ(entries(temp.path()), 1U) << "the killed maker left its directory";
  const auto first = StagingDir::make(temp.path());
  ASSERT_TRUE(first);
  EXPECT_EQ(entries(temp.path()), 1U) << "the abandoned one is gone, ours is there";
  const auto second = StagingDir::make(temp.path());
  ASSERT_TRUE(second);
  EXPECT_TRUE(fs::exists(first->path()));
}

TEST(LockFile, a_second_fetcher_waits_and_then_says_who_it_waited_for) {
  const test::TempDir temp;
  const auto held = lock_file(temp.path() / "lock", std::chrono::seconds(5));
  ASSERT_TRUE(held);
  const auto refused = lock_file(temp.path() / "lock", std::chrono::seconds(0));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, StatusCode::kTimeout);
}

TEST(CacheRoot, a_relative_xdg_value_is_ignored) {
  ::setenv("XDG_CACHE_HOME", "/some/cache", 1);
  EXPECT_EQ(*cache_root(), "/some/cache/schedrig");
  ::setenv("XDG_CACHE_HOME", "relative", 1);
  ::setenv("HOME", "/some/home", 1);
  EXPECT_EQ(*cache_root(), "/some/home/.cache/schedrig");
  ::unsetenv("HOME");
  EXPECT_FALSE(cache_root());
}

} // namespace
} // namespace schedrig::apt
