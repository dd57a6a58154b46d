// SPDX-License-Identifier: MIT
// What directories hold: usable, shadowed and refused files.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/loader/discovery.hpp"
#include "tests/unit/loader/test_files.hpp"

namespace schedrig::loader {
namespace {

using testing::AllOf;
using testing::HasSubstr;

namespace fs = std::filesystem;

const PluginListing& listing_of(const Discovery& discovery, const fs::path& path) {
  for (const PluginListing& listing : discovery.listings) {
    if (listing.path == path) {
      return listing;
    }
  }
  ADD_FAILURE() << path << " is not listed";
  static const PluginListing none;
  return none;
}

TEST(Discovery, sound_files_are_usable_and_other_files_are_not_looked_at) {
  const TempDir dir;
  fs::copy_file(test_plugin("sound"), dir / "sound.so");
  write_file(dir / "README", "not a plugin");
  const Discovery found = discover_plugins({{dir.path(), SearchOrigin::kCommandLine}});
  ASSERT_EQ(found.listings.size(), 1U);
  EXPECT_EQ(found.listings[0].name, "sound");
  EXPECT_EQ(found.listings[0].state, ListingState::kUsable);
  EXPECT_FALSE(found.listings[0].reason);
  ASSERT_TRUE(found.listings[0].note);
}

// Every one of them ends the process in a static constructor: that this test survives shows that
// no code ran.
TEST(Discovery, refused_files_are_listed_with_every_difference_and_run_no_code) {
  const TempDir dir;
  for (const char* name :
       {"other_major", "newer_minor", "other_hash", "other_sanitizer", "other_kind", "no_note"}) {
    fs::copy_file(test_plugin(name), dir / (std::string(name) + ".so"));
  }
  write_file(dir / "text.so", "hello");
  const Discovery found = discover_plugins({{dir.path(), SearchOrigin::kCommandLine}});
  const auto reason = [&](std::string_view file) {
    const PluginListing& listing = listing_of(found, dir / file);
    EXPECT_EQ(listing.state, ListingState::kRefused) << file;
    return message_of(listing.reason);
  };
  EXPECT_THAT(reason("other_major.so"), HasSubstr("abi_major is 77, here 1"));
  EXPECT_THAT(reason("newer_minor.so"), HasSubstr("abi_minor is 78, here 1"));
  EXPECT_THAT(reason("other_hash.so"), HasSubstr("abi_hash is"));
  EXPECT_THAT(reason("other_sanitizer.so"), HasSubstr("sanitizers is address,thread, here"));
  EXPECT_THAT(reason("other_kind.so"), HasSubstr("unknown kind 80"));
  EXPECT_THAT(reason("no_note.so"), HasSubstr("no section .note.schedrig"));
  EXPECT_THAT(reason("text.so"), HasSubstr("not an ELF file"));
  EXPECT_THAT(help_of(listing_of(found, dir / "other_major.so").reason),
              HasSubstr("cmake -S SOURCE -B BUILD"));
}

TEST(Discovery, the_first_file_of_a_name_shadows_the_others_even_if_it_is_refused) {
  const TempDir first;
  const TempDir second;
  write_file(first / "sound.so", "a stale file");
  fs::copy_file(test_plugin("sound"), second / "sound.so");
  const Discovery found = discover_plugins(
      {{first.path(), SearchOrigin::kCommandLine}, {second.path(), SearchOrigin::kInstallation}});
  EXPECT_EQ(listing_of(found, first / "sound.so").state, ListingState::kRefused);
  const PluginListing& shadowed = listing_of(found, second / "sound.so");
  EXPECT_EQ(shadowed.state, ListingState::kShadowed);
  EXPECT_THAT(message_of(shadowed.reason), HasSubstr((first / "sound.so").string()));
}

TEST(Discovery, a_second_name_of_the_same_file_is_refused) {
  const TempDir dir;
  fs::copy_file(test_plugin("sound"), dir / "sound.so");
  fs::create_symlink("sound.so", dir / "z_link.so");
  fs::create_hard_link(dir / "sound.so", dir / "z_hard.so");
  const Discovery found = discover_plugins({{dir.path(), SearchOrigin::kCommandLine}});
  for (const char* name : {"z_link.so", "z_hard.so"}) {
    const PluginListing& listing = listing_of(found, dir / name);
    EXPECT_EQ(listing.state, ListingState::kRefused);
    EXPECT_THAT(message_of(listing.reason), HasSubstr("the same file as"));
  }
}

TEST(Discovery, a_directory_that_is_named_twice_counts_once) {
  const TempDir dir;
  fs::copy_file(test_plugin("sound"), dir / "sound.so");
  const Discovery found = discover_plugins(
      {{dir.path(), SearchOrigin::kCommandLine}, {dir / ".", SearchOrigin::kEnvironment}});
  EXPECT_EQ(found.directories.size(), 1U);
  ASSERT_EQ(found.listings.size(), 1U);
  EXPECT_EQ(found.listings[0].origin, SearchOrigin::kCommandLine);
}

TEST(Discovery, a_missing_directory_is_a_problem_only_if_the_user_named_it) {
  const TempDir dir;
  const Discovery found = discover_plugins(
      {{dir / "a", SearchOrigin::kEnvironment}, {dir / "b", SearchOrigin::kInstallation}});
  ASSERT_EQ(found.directories.size(), 2U);
  ASSERT_TRUE(found.directories[0].problem);
  EXPECT_THAT(message_of(found.directories[0].problem),
              AllOf(HasSubstr("SCHEDRIG_PLUGIN_PATH"), HasSubstr("ENOENT")));
  EXPECT_FALSE(found.directories[1].problem);
}

TEST(Discovery, too_many_files_are_cut_and_said_so) {
  const TempDir dir;
  for (int i = 0; i < 1100; ++i) {
    write_file(dir / (std::to_string(i) + ".so"), "");
  }
  const Discovery found = discover_plugins({{dir.path(), SearchOrigin::kCommandLine}});
  EXPECT_EQ(found.listings.size(), 1024U);
  ASSERT_TRUE(found.directories[0].problem);
}

TEST(Discovery, an_unknown_name_gets_the_nearest_one_and_the_directories) {
  const TempDir dir;
  fs::copy_file(test_plugin("sound"), dir / "sound.so");
  const Discovery found = discover_plugins({{dir.path(), SearchOrigin::kCommandLine}});
  const Error error = plugin_not_found(found, "suond", PluginKind::kScheduler);
  EXPECT_EQ(error.code, StatusCode::kNotFound);
  EXPECT_EQ(error.message, "no scheduler plugin 'suond'; searched " + dir.path().string());
  EXPECT_THAT(error.help, HasSubstr("did you mean \"sound\"?"));
  // Names of the other kind are no help.
  EXPECT_THAT(plugin_not_found(found, "suond", PluginKind::kBackend).help,
              testing::Not(HasSubstr("sound")));
}

} // namespace
} // namespace schedrig::loader
