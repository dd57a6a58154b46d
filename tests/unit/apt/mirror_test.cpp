// SPDX-License-Identifier: MIT
// The machine's mirror, out of what apt and os-release say.
#include <gtest/gtest.h>

#include "host/apt/mirror.hpp"

namespace schedrig::apt {
namespace {

constexpr const char* kBookworm =
    "NAME=\"Debian GNU/Linux\"\nID=debian\nVERSION_CODENAME=bookworm\n";

TEST(Mirror, the_release_itself_is_taken_not_its_updates_or_security) {
  const auto mirror = parse_mirror(kBookworm, "http://a.example/security/|bookworm-security\n"
                                              "http://a.example/debian/|bookworm-updates\n"
                                              "http://b.example/debian/|bookworm\n");
  ASSERT_TRUE(mirror);
  EXPECT_EQ(mirror->uri, "http://b.example/debian/");
  EXPECT_EQ(mirror->codename, "bookworm");
}

TEST(Mirror, a_source_named_stable_serves_a_release) {
  const auto mirror =
      parse_mirror("ID=\"debian\"\nVERSION_CODENAME=\"trixie\"\n", "http://a.example/|stable\n");
  ASSERT_TRUE(mirror);
  EXPECT_EQ(mirror->codename, "trixie");
}

TEST(Mirror, another_distribution_is_told_what_works_there) {
  const auto mirror =
      parse_mirror("ID=ubuntu\nVERSION_CODENAME=noble\n", "http://a.example/|noble\n");
  ASSERT_FALSE(mirror);
  EXPECT_EQ(mirror.error().code, StatusCode::kUnsupported);
  EXPECT_NE(mirror.error().message.find("ubuntu"), std::string::npos);
  EXPECT_NE(mirror.error().help.find("schedrig kernel add"), std::string::npos);
}

TEST(Mirror, a_machine_without_a_source_of_its_release_is_an_error) {
  EXPECT_FALSE(parse_mirror(kBookworm, ""));
  EXPECT_FALSE(parse_mirror(kBookworm, "http://a.example/|trixie\n"));
}

TEST(Mirror, an_address_that_would_change_the_sources_line_is_not_taken) {
  EXPECT_FALSE(parse_mirror(kBookworm, "http://a.example/ [trusted=yes]|bookworm\n"));
  EXPECT_FALSE(parse_mirror(kBookworm, "|bookworm\n"));
}

} // namespace
} // namespace schedrig::apt
