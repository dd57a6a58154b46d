// SPDX-License-Identifier: MIT
// The dynamic linker's cache: the libraries in it, what is passed over, what is damaged.
#include <gtest/gtest.h>

#include "backend/linker_cache.hpp"
#include "linker_cache_file.hpp"

namespace schedrig::kvm {
namespace {

using test::linker_cache_file;

TEST(LinkerCache, a_library_is_found_by_its_name) {
  const auto cache = LinkerCache::parse(
      linker_cache_file({{"liba.so.1", "/opt/a/liba.so.1"}, {"libb.so.1", "/opt/b/libb.so.1"}}));
  ASSERT_TRUE(cache) << cache.error().message;
  EXPECT_EQ(cache->find("libb.so.1"), "/opt/b/libb.so.1");
  EXPECT_EQ(cache->find("libb.so"), std::nullopt);
  EXPECT_EQ(cache->size(), 2U);
}

TEST(LinkerCache, of_several_the_first_that_runs_on_every_cpu_counts) {
  const auto cache = LinkerCache::parse(linker_cache_file({
      {.name = "liba.so.1", .path = "/lib32/liba.so.1", .flags = 0x3},
      {.name = "liba.so.1", .path = "/opt/v3/liba.so.1", .cpu_features = 1ULL << 62},
      {.name = "liba.so.1", .path = "/opt/a/liba.so.1"},
      {.name = "liba.so.1", .path = "/opt/other/liba.so.1"},
  }));
  ASSERT_TRUE(cache) << cache.error().message;
  EXPECT_EQ(cache->find("liba.so.1"), "/opt/a/liba.so.1");
}

TEST(LinkerCache, a_file_of_another_format_names_nothing) {
  for (const std::string_view text :
       {"", "glibc", "ld.so-1.7.0 and more than forty-eight bytes of it"}) {
    const auto cache = LinkerCache::parse(std::as_bytes(std::span(text)));
    ASSERT_TRUE(cache) << text;
    EXPECT_EQ(cache->size(), 0U);
  }
}

TEST(LinkerCache, a_damaged_one_is_an_error_that_says_what_to_do) {
  const Bytes whole = linker_cache_file({{"liba.so.1", "/opt/a/liba.so.1"}});
  Bytes many = whole;
  many[20 + 3] = std::byte{0xff}; // its number of libraries
  Bytes without_end = whole;
  without_end.back() = std::byte{'x'};
  Bytes behind_the_end = whole;
  behind_the_end[48 + 8 + 3] = std::byte{0x7f}; // where the path begins
  const Bytes relative = linker_cache_file({{"liba.so.1", "opt/a/liba.so.1"}});
  for (const Bytes& file : {many, without_end, behind_the_end, relative}) {
    const auto cache = LinkerCache::parse(file);
    ASSERT_FALSE(cache);
    EXPECT_EQ(cache.error().code, StatusCode::kBadData);
    EXPECT_NE(cache.error().help.find("ldconfig"), std::string::npos);
  }
}

TEST(LinkerCache, one_cut_anywhere_is_read_or_refused_within_its_bounds) {
  const Bytes whole = linker_cache_file({{"liba.so.1", "/opt/a/liba.so.1"}});
  for (std::size_t size = 48; size < whole.size(); ++size) {
    EXPECT_FALSE(LinkerCache::parse(ByteView(whole).first(size))) << size;
  }
}

} // namespace
} // namespace schedrig::kvm
