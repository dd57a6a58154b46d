// SPDX-License-Identifier: MIT
// A plugin that is linked into the executable: this one holds sound.cpp, as "linked".
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/loader/registry.hpp"
#include "tests/unit/loader/test_files.hpp"

namespace schedrig::loader {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

TEST(Linked, is_listed_and_loaded_as_if_it_were_the_installations) {
  const TempDir installation;
  Registry plugins(discover_plugins({{installation.path(), SearchOrigin::kInstallation}}));
  ASSERT_EQ(plugins.discovery().listings.size(), 1U);
  const PluginListing& listing = plugins.discovery().listings.front();
  EXPECT_EQ(listing.name, "linked");
  EXPECT_EQ(listing.state, ListingState::kUsable);
  ASSERT_TRUE(listing.note);
  EXPECT_EQ(listing.note->kind, static_cast<std::uint32_t>(PluginKind::kScheduler));

  const auto loaded = plugins.load("linked", PluginKind::kScheduler);
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_NE((*loaded)->plugin->query("schedrig.test/1"), nullptr);
  EXPECT_EQ(*plugins.load("linked", PluginKind::kScheduler), *loaded);
}

TEST(Linked, another_kind_than_asked_for_is_refused) {
  const TempDir installation;
  Registry plugins(discover_plugins({{installation.path(), SearchOrigin::kInstallation}}));
  const auto loaded = plugins.load("linked", PluginKind::kBackend);
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code, StatusCode::kUnsupported);
}

TEST(Linked, a_file_that_comes_first_shadows_it) {
  const TempDir own;
  const TempDir installation;
  fs::copy_file(test_plugin("sound"), own / "linked.so");
  const Discovery found = discover_plugins({{own.path(), SearchOrigin::kCommandLine},
                                            {installation.path(), SearchOrigin::kInstallation}});
  ASSERT_EQ(found.listings.size(), 2U);
  EXPECT_EQ(found.listings[0].path, own / "linked.so");
  EXPECT_EQ(found.listings[1].state, ListingState::kShadowed);
  EXPECT_THAT(found.listings[1].reason->message, HasSubstr("shadowed by"));
}

TEST(Linked, is_found_in_no_other_directory) {
  const TempDir own;
  EXPECT_TRUE(discover_plugins({{own.path(), SearchOrigin::kCommandLine}}).listings.empty());
}

} // namespace
} // namespace schedrig::loader
