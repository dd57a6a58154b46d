// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "template/sections.hpp"

namespace schedrig::kvm {
namespace {

Bytes bytes_of(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

const Sections kSections = {{1, bytes_of("one")}, {7, {}}, {9, bytes_of("the last one")}};

TEST(Sections, are_read_as_they_were_written) {
  const Bytes file = write_sections(kSections);
  const auto read = read_sections(file);
  ASSERT_TRUE(read.has_value()) << read.error().message;
  ASSERT_EQ(read->size(), kSections.size());
  for (const auto& [type, payload] : kSections) {
    EXPECT_TRUE(std::ranges::equal(read->at(type), payload)) << type;
  }
}

TEST(Sections, no_section_at_all_is_a_file_too) {
  EXPECT_TRUE(read_sections(write_sections({})).has_value());
}

void expect_bad(ByteView file, const std::string& what) {
  const auto read = read_sections(file);
  ASSERT_FALSE(read.has_value()) << what;
  EXPECT_EQ(read.error().code, StatusCode::kBadData) << what;
}

TEST(Sections, every_cut_and_every_changed_byte_is_refused) {
  const Bytes file = write_sections(kSections);
  for (std::size_t length = 0; length < file.size(); ++length) {
    expect_bad(ByteView(file).first(length), "cut to " + std::to_string(length));
  }
  for (std::size_t at = 0; at < file.size(); ++at) {
    for (const unsigned change : {1U, 0x80U, 0xffU}) {
      Bytes damaged = file;
      damaged[at] ^= static_cast<std::byte>(change);
      expect_bad(damaged, "byte " + std::to_string(at));
    }
  }
}

TEST(Sections, what_follows_the_last_is_refused) {
  Bytes file = write_sections(kSections);
  file.push_back(std::byte{0});
  expect_bad(file, "one byte more");
}

TEST(Sections, another_format_is_named) {
  Bytes file = write_sections(kSections);
  file[8] = std::byte{kSectionsVersion + 1};
  EXPECT_THAT(read_sections(file).error().message, testing::HasSubstr("format 2"));
}

} // namespace
} // namespace schedrig::kvm
