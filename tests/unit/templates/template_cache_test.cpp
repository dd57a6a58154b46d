// SPDX-License-Identifier: MIT
// The cache of templates: entries are whole, in use or evicted; writers take turns and may die.
#include <atomic>
#include <csignal>
#include <fstream>
#include <thread>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/templates/template_cache.hpp"
#include "tests/unit/apt/temp_dir.hpp"

namespace schedrig::templates {
namespace {

namespace fs = std::filesystem;
constexpr std::uint64_t kMiB = 1U << 20U;

Fields fields(const std::string& kernel) {
  return {{"kernel", kernel}, {"topology", "1n1l2c1t"}};
}

TemplateCache::Write bytes(std::size_t count) {
  return [count](const fs::path& data) -> Result<> {
    std::ofstream(data / "memory") << std::string(count, 'm');
    return {};
  };
}

class Cache : public testing::Test {
 protected:
  [[nodiscard]] TemplateCache cache(std::uint64_t most = 64 * kMiB) const {
    return TemplateCache(temp_.path() / "templates", most);
  }
  [[nodiscard]] std::size_t files_in_all() const {
    return static_cast<std::size_t>(
        std::distance(fs::recursive_directory_iterator(temp_.path() / "templates"),
                      fs::recursive_directory_iterator()));
  }
  test::TempDir temp_;
};

TEST_F(Cache, an_entry_is_found_by_its_fields) {
  EXPECT_FALSE(cache().find(fields("a")));
  ASSERT_TRUE(cache().add(fields("a"), bytes(10)));
  const auto lease = cache().find(fields("a"));
  ASSERT_TRUE(lease);
  EXPECT_EQ(fs::file_size(lease->data() / "memory"), 10U);
  EXPECT_FALSE(cache().find(fields("b")));
  ASSERT_EQ(cache().list().size(), 1U);
  EXPECT_EQ(cache().list()[0].fields, fields("a"));
  EXPECT_EQ(cache().list()[0].key, lease->key());
}

TEST_F(Cache, an_entry_of_the_same_name_with_other_fields_is_not_taken_for_it) {
  ASSERT_TRUE(cache().add(fields("a"), bytes(10)));
  std::ofstream(cache().list()[0].dir / "meta") << "kernel=b\n";
  EXPECT_FALSE(cache().find(fields("a")));
}

TEST_F(Cache, an_entry_that_is_damaged_is_replaced) {
  ASSERT_TRUE(cache().add(fields("a"), bytes(10)));
  const fs::path dir = cache().list()[0].dir;
  for (const char* meta : {"", "kernel=a\n", "\0\0\0"}) {
    std::ofstream(dir / "meta") << meta;
    EXPECT_FALSE(cache().find(fields("a")));
    ASSERT_TRUE(cache().add(fields("a"), bytes(10)));
    EXPECT_TRUE(cache().find(fields("a")));
  }
  fs::remove(dir / "meta");
  EXPECT_TRUE(cache().list().empty());
  ASSERT_TRUE(cache().add(fields("a"), bytes(10)));
  EXPECT_TRUE(cache().find(fields("a")));
}

TEST_F(Cache, a_write_that_fails_leaves_nothing) {
  const auto failed = cache().add(fields("a"), [](const fs::path& data) {
    std::ofstream(data / "memory") << "half";
    return fail(StatusCode::kOs, "no space");
  });
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().message, "no space");
  EXPECT_FALSE(cache().find(fields("a")));
  EXPECT_EQ(files_in_all(), 1U) << "the writer's lock";
}

TEST_F(Cache, an_entry_that_is_there_is_not_written_again) {
  ASSERT_TRUE(cache().add(fields("a"), bytes(10)));
  ASSERT_TRUE(cache().add(fields("a"), [](const fs::path&) {
    ADD_FAILURE() << "written again";
    return Result<>();
  }));
}

TEST_F(Cache, what_a_killed_writer_left_is_removed_by_the_next) {
  const pid_t child = fork();
  if (child == 0) {
    const auto survived = cache().add(fields("a"), [](const fs::path& data) {
      std::ofstream(data / "memory") << "half" << std::flush;
      raise(SIGKILL);
      return Result<>();
    });
    _exit(survived ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_FALSE(cache().find(fields("a")));
  EXPECT_TRUE(cache().list().empty());
  EXPECT_EQ(files_in_all(), 4U) << "lock, directory, data, memory";
  ASSERT_TRUE(cache().add(fields("b"), bytes(10)));
  EXPECT_EQ(files_in_all(), 5U) << "lock and, of the new one, directory, meta, data, memory";
}

TEST_F(Cache, two_writers_of_one_template_write_it_once) {
  std::atomic<bool> writing = false;
  std::atomic<bool> go_on = false;
  std::thread first([&] {
    EXPECT_TRUE(cache().add(fields("a"), [&](const fs::path&) {
      writing = true;
      writing.notify_all();
      go_on.wait(false);
      return Result<>();
    }));
  });
  writing.wait(false);
  std::thread second([&] {
    EXPECT_TRUE(cache().add(fields("a"), [](const fs::path&) {
      ADD_FAILURE() << "written by both";
      return Result<>();
    }));
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  go_on = true;
  go_on.notify_all();
  first.join();
  second.join();
  EXPECT_TRUE(cache().find(fields("a")));
}

TEST_F(Cache, a_writer_does_not_wait_for_another_for_ever) {
  const TemplateCache impatient(temp_.path() / "templates", 64 * kMiB, std::chrono::seconds(0));
  const auto outer = impatient.add(fields("a"), [&](const fs::path&) {
    const auto inner = impatient.add(fields("b"), bytes(10));
    EXPECT_FALSE(inner);
    EXPECT_EQ(inner.error().code, StatusCode::kTimeout);
    return Result<>();
  });
  EXPECT_TRUE(outer);
}

TEST_F(Cache, those_used_longest_ago_make_room_and_those_in_use_stay) {
  for (const char* kernel : {"a", "b", "c"}) {
    ASSERT_TRUE(cache(4 * kMiB).add(fields(kernel), bytes(kMiB)));
  }
  EXPECT_TRUE(cache().find(fields("a"))); // used again
  const auto in_use = cache().find(fields("b"));
  ASSERT_TRUE(cache(4 * kMiB).add(fields("d"), bytes(kMiB)));
  EXPECT_FALSE(cache().find(fields("c")));
  ASSERT_TRUE(cache(4 * kMiB).add(fields("e"), bytes(kMiB)));
  EXPECT_FALSE(cache().find(fields("a")));
  EXPECT_TRUE(cache().find(fields("b")));
  EXPECT_TRUE(cache().find(fields("d")));
  const auto d = cache().find(fields("d"));
  const auto e = cache().find(fields("e"));
  const auto full = cache(4 * kMiB).add(fields("f"), bytes(kMiB));
  ASSERT_FALSE(full);
  EXPECT_NE(full.error().message.find("in use leave no room"), std::string::npos);
  EXPECT_EQ(cache().list().size(), 3U);
}

TEST_F(Cache, one_that_is_larger_than_the_cache_throws_nothing_out) {
  ASSERT_TRUE(cache(2 * kMiB).add(fields("a"), bytes(kMiB)));
  const auto refused = cache(2 * kMiB).add(fields("b"), bytes(3 * kMiB));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, StatusCode::kUnsupported);
  EXPECT_TRUE(cache().find(fields("a")));
}

TEST_F(Cache, an_entry_is_removed_by_the_start_of_its_key_unless_it_is_in_use) {
  ASSERT_TRUE(cache().add(fields("a"), bytes(10)));
  const std::string key = key_of(fields("a"));
  EXPECT_EQ(cache().remove("x").error().code, StatusCode::kNotFound);
  {
    const auto lease = cache().find(fields("a"));
    EXPECT_EQ(cache().remove(key).error().code, StatusCode::kAlreadyExists);
  }
  EXPECT_EQ(cache().remove(key.substr(0, 4)).value(), key);
  EXPECT_FALSE(cache().find(fields("a")));
  ASSERT_TRUE(cache().add(fields("a"), bytes(10)));
  ASSERT_TRUE(cache().add(fields("b"), bytes(10)));
  EXPECT_EQ(cache().remove("").error().code, StatusCode::kInvalidArgument);
  EXPECT_EQ(cache().list().size(), 2U);
}

} // namespace
} // namespace schedrig::templates
