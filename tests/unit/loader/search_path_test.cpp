// SPDX-License-Identifier: MIT
// Order and parsing of the plugin search path.
#include <gtest/gtest.h>

#include "host/loader/search_path.hpp"

namespace schedrig::loader {
namespace {

TEST(SearchPath, the_order_is_command_line_environment_config_installation) {
  const auto path = plugin_search_path(
      {.command_line = {"a", "b"}, .environment = "c:d", .config = {"e"}, .installation = "f"});
  std::string order;
  for (const SearchDirectory& directory : path) {
    order +=
        directory.path.string() + "=" + std::string(search_origin_name(directory.origin)) + " ";
  }
  EXPECT_EQ(order, "a=--plugin-dir b=--plugin-dir c=SCHEDRIG_PLUGIN_PATH d=SCHEDRIG_PLUGIN_PATH "
                   "e=[plugins] path f=installation ");
}

TEST(SearchPath, empty_items_of_the_environment_are_ignored) {
  const auto path = plugin_search_path(
      {.command_line = {}, .environment = "::x:", .config = {}, .installation = {}});
  ASSERT_EQ(path.size(), 1U);
  EXPECT_EQ(path[0].path, "x");
}

TEST(SearchPath, the_installations_directory_is_found_from_the_executable) {
  const std::filesystem::path here = std::filesystem::read_symlink("/proc/self/exe");
  EXPECT_EQ(installation_plugin_directory(),
            here.parent_path().parent_path() / "lib/schedrig/plugins");
}

} // namespace
} // namespace schedrig::loader
