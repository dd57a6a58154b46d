// SPDX-License-Identifier: MIT
#include <cstdlib>
#include <fstream>
#include <map>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/initramfs.hpp"

namespace schedrig::kvm {
namespace {

struct Entry {
  std::uint64_t mode;
  std::uint64_t major;
  std::uint64_t minor;
  std::string data;
};

// A reader of newc archives, written from the format's description.
std::map<std::string, Entry> read_archive(const Bytes& archive) {
  const std::string text(reinterpret_cast<const char*>(archive.data()), archive.size());
  std::map<std::string, Entry> entries;
  for (std::size_t at = 0; at + 110 <= text.size();) {
    EXPECT_EQ(at % 4, 0U);
    EXPECT_EQ(text.substr(at, 6), "070701");
    const auto field = [&](std::size_t index) {
      return std::strtoull(text.substr(at + 6 + 8 * index, 8).c_str(), nullptr, 16);
    };
    const std::size_t name_bytes = field(11);
    const std::string name = text.substr(at + 110, name_bytes - 1);
    const std::size_t data_at = (at + 110 + name_bytes + 3) / 4 * 4;
    entries[name] = {field(1), field(9), field(10), text.substr(data_at, field(6))};
    at = (data_at + field(6) + 3) / 4 * 4;
  }
  return entries;
}

TEST(Initramfs, holds_the_agent_as_init_and_the_console_alone) {
  const std::string agent = "not a multiple of four.";
  const auto bytes = std::as_bytes(std::span(agent));
  const auto entries = read_archive(build_initramfs(bytes));
  ASSERT_EQ(entries.size(), 4U);
  EXPECT_EQ(entries.at("dev").mode, S_IFDIR | 0755U);
  EXPECT_EQ(entries.at("dev/console").mode, S_IFCHR | 0600U);
  EXPECT_EQ(entries.at("dev/console").major, 5U);
  EXPECT_EQ(entries.at("dev/console").minor, 1U);
  EXPECT_EQ(entries.at("init").mode, S_IFREG | 0755U);
  EXPECT_EQ(entries.at("init").data, agent);
  EXPECT_EQ(entries.count("TRAILER!!!"), 1U);
}

TEST(Initramfs, a_missing_agent_is_named_with_what_to_do) {
  const auto agent = open_agent("/nonexistent/schedrig-agent");
  ASSERT_FALSE(agent);
  EXPECT_EQ(agent.error().code, StatusCode::kNotFound);
  EXPECT_NE(agent.error().message.find("/nonexistent/schedrig-agent"), std::string::npos);
  EXPECT_FALSE(agent.error().help.empty());
}

TEST(Initramfs, what_is_no_elf_file_is_no_agent) {
  char name[] = "/tmp/schedrig-agent-XXXXXX";
  const int fd = ::mkstemp(name);
  ASSERT_GE(fd, 0);
  ::close(fd);
  std::ofstream(name) << std::string(1000, 'x');
  const auto text = open_agent(name);
  std::ofstream(name) << "short";
  const auto empty = open_agent(name);
  ::unlink(name);
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code, StatusCode::kBadData);
  ASSERT_FALSE(empty);
  EXPECT_EQ(empty.error().code, StatusCode::kBadData);
}

TEST(Initramfs, this_program_would_do_as_an_agent) {
  EXPECT_TRUE(open_agent("/proc/self/exe"));
}

} // namespace
} // namespace schedrig::kvm
