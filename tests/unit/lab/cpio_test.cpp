// SPDX-License-Identifier: MIT
// The initramfs archive, read back field by field.
#include <map>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/lab/cpio.hpp"

namespace schedrig::lab {
namespace {

struct Entry {
  std::uint64_t mode = 0;
  std::string content;
};

// By buffer-format.rst: 6 characters of magic, 13 fields of 8 hexadecimal digits, name, content,
// each padded to 4 bytes.
std::map<std::string, Entry> read_archive(const std::string& archive) {
  std::map<std::string, Entry> entries;
  std::size_t at = 0;
  const auto padded = [](std::size_t n) { return (n + 3) / 4 * 4; };
  while (at + 110 <= archive.size() && archive.substr(at, 6) == "070701") {
    const auto field = [&](std::size_t index) {
      return std::stoull(archive.substr(at + 6 + index * 8, 8), nullptr, 16);
    };
    const std::string name = archive.substr(at + 110, field(11) - 1);
    const std::size_t body = padded(at + 110 + field(11));
    if (name == "TRAILER!!!") {
      break;
    }
    EXPECT_FALSE(entries.contains(name)) << name;
    entries[name] = {field(1), archive.substr(body, field(6))};
    at = padded(body + field(6));
  }
  return entries;
}

std::string content_of(int fd, std::uint64_t size) {
  std::string text(size, '\0');
  EXPECT_EQ(::pread(fd, text.data(), text.size(), 0), static_cast<ssize_t>(size));
  return text;
}

TEST(Cpio, files_have_their_parents_modes_and_content_once) {
  auto writer = CpioWriter::make();
  ASSERT_TRUE(writer);
  writer->add_file("/a/b/file", "content", 0755);
  writer->add_file("/a/b/file", "another", 0644);
  writer->add_file("/a/empty", "", 0600);
  writer->add_directory("/a/b/");
  writer->add_directory("/c");
  const auto fd = writer->finish();
  ASSERT_TRUE(fd);
  EXPECT_EQ(writer->size() % 4, 0U);
  const auto entries = read_archive(content_of(fd->get(), writer->size()));
  ASSERT_EQ(entries.size(), 5U);
  EXPECT_EQ(entries.at("a/b/file").content, "content");
  EXPECT_EQ(entries.at("a/b/file").mode, S_IFREG | 0755U);
  EXPECT_EQ(entries.at("a/empty").mode, S_IFREG | 0600U);
  EXPECT_EQ(entries.at("a/b").mode, S_IFDIR | 0755U);
  EXPECT_TRUE(entries.contains("a"));
  EXPECT_TRUE(entries.contains("c"));
}

TEST(Cpio, the_same_content_makes_the_same_archive) {
  std::string first;
  for (int i = 0; i < 2; ++i) {
    auto writer = CpioWriter::make();
    writer->add_file("/x/y", "z", 0644);
    const auto fd = writer->finish();
    const std::string text = content_of(fd->get(), writer->size());
    EXPECT_TRUE(first.empty() || first == text);
    first = text;
  }
}

} // namespace
} // namespace schedrig::lab
