// SPDX-License-Identifier: MIT
// The private apt, against a small archive on this machine's disk: what is wrong with an archive
// is told apart, and nothing unverified is used.
#include <gtest/gtest.h>

#include "host/apt/apt_state.hpp"
#include "host/process/child_process.hpp"
#include "tests/unit/apt/temp_dir.hpp"

namespace schedrig::apt {
namespace {

namespace fs = std::filesystem;

class AptStateTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!run_child({.argv = {"apt-get", "--version"}, .env = {}, .working_dir = {}})) {
      GTEST_SKIP() << "apt is Debian's; there is none on this machine";
    }
  }

  // An archive with one suite, which nobody signed.
  Mirror unsigned_archive() const {
    temp_.write("archive/dists/here/main/binary-amd64/Packages",
                "Package: thing\nVersion: 1\nArchitecture: amd64\nFilename: thing.deb\n"
                "Size: 1\nDescription: none\n\n");
    temp_.write("archive/dists/here/Release", "Suite: here\nCodename: here\n");
    return {"file:" + (temp_.path() / "archive").string() + "/", "here", ""};
  }

  test::TempDir temp_;
};

TEST_F(AptStateTest, a_suite_that_the_mirror_lacks_is_said_to_be_missing) {
  const auto apt = AptState::open(temp_.path() / "state", unsigned_archive(), {"elsewhere"});
  ASSERT_TRUE(apt);
  const auto updated = apt->update();
  ASSERT_FALSE(updated);
  EXPECT_EQ(updated.error().code, StatusCode::kNotFound) << updated.error().message;
  EXPECT_NE(updated.error().message.find("elsewhere"), std::string::npos);
}

TEST_F(AptStateTest, an_archive_that_nobody_signed_is_refused_and_offers_nothing) {
  const auto apt = AptState::open(temp_.path() / "state", unsigned_archive(), {"here"});
  ASSERT_TRUE(apt);
  const auto updated = apt->update();
  ASSERT_FALSE(updated);
  EXPECT_EQ(updated.error().code, StatusCode::kOs) << updated.error().message;
  const auto offered = apt->newest({"thing"});
  ASSERT_TRUE(offered) << offered.error().message;
  EXPECT_TRUE(offered->empty());
}

TEST_F(AptStateTest, the_state_is_all_in_its_own_directory) {
  const auto state = temp_.path() / "state";
  ASSERT_TRUE(AptState::open(state, unsigned_archive(), {"here"}));
  const auto dump = run_child_ok({.argv = {"apt-config", "dump"},
                                  .env = {{"APT_CONFIG", (state / "apt.conf").string()}},
                                  .working_dir = {}});
  ASSERT_TRUE(dump);
  EXPECT_NE(dump->out.find("Dir::State::lists \"" + state.string()), std::string::npos);
  EXPECT_NE(dump->out.find("Dir::Cache \"" + state.string()), std::string::npos);
  EXPECT_EQ(dump->out.find("Post-Invoke"), std::string::npos) << "the system's hooks would run";
}

TEST_F(AptStateTest, a_suite_must_be_one_word) {
  const auto apt = AptState::open(temp_.path() / "state", unsigned_archive(), {"a main\ndeb b"});
  ASSERT_FALSE(apt);
  EXPECT_EQ(apt.error().code, StatusCode::kInvalidArgument);
}

TEST_F(AptStateTest, a_package_that_is_no_archive_is_an_error_with_dpkgs_words) {
  const auto unpacked = unpack(temp_.write("bad.deb", "not a package"), temp_.path() / "out");
  ASSERT_FALSE(unpacked);
  EXPECT_NE(unpacked.error().message.find("dpkg"), std::string::npos);
}

} // namespace
} // namespace schedrig::apt
