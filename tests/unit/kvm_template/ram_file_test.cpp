// SPDX-License-Identifier: MIT
#include <filesystem>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "template/ram_file.hpp"
#include "template_directory.hpp"
#include "vmm/guest_memory.hpp"

namespace schedrig::kvm {
namespace {

constexpr std::uint64_t kMiB = 1ULL << 20;
constexpr std::uint64_t kBytes = 8 * kMiB + 4096; // its last chunk is a page

class RamFile : public testing::Test {
 protected:
  void SetUp() override {
    auto memory = GuestMemory::create(kBytes, true);
    ASSERT_TRUE(memory.has_value());
    for (const Gpa gpa : {Gpa{0}, Gpa{3 * kMiB + 4096}, Gpa{3 * kMiB + 4 * 4096}, kBytes - 8}) {
      ASSERT_TRUE(memory->write_object(gpa, gpa + 1).has_value());
    }
    auto image = memory->become_image();
    ASSERT_TRUE(image.has_value());
    image_ = *std::move(image);
    auto sums = write_ram(image_, path_);
    ASSERT_TRUE(sums.has_value()) << sums.error().message;
    sums_ = *std::move(sums);
  }
  void change(std::uint64_t at) const {
    const UniqueFd fd(::open(path_.c_str(), O_RDWR | O_CLOEXEC));
    char byte = 0;
    ASSERT_EQ(::pread(fd.get(), &byte, 1, static_cast<off_t>(at)), 1);
    byte = static_cast<char>(byte ^ 4);
    ASSERT_EQ(::pwrite(fd.get(), &byte, 1, static_cast<off_t>(at)), 1);
  }

  test::TemplateDirectory directory_;
  std::string path_ = directory_.path() + "/memory";
  RamImage image_;
  RamSums sums_;
};

TEST_F(RamFile, comes_back_as_it_was_and_takes_little_room) {
  const auto read = read_ram(path_, sums_);
  ASSERT_TRUE(read.has_value()) << read.error().message;
  const auto before = GuestMemory::create_over(image_);
  const auto after = GuestMemory::create_over(*read);
  ASSERT_TRUE(before && after);
  EXPECT_EQ(std::memcmp(before->base(), after->base(), kBytes), 0);
  struct stat status{};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_LE(status.st_blocks * 512, 16 * 4096) << "four pages of data";
  EXPECT_EQ(status.st_mode & 0777U, 0600U) << "a guest's memory is its user's";
}

TEST_F(RamFile, damage_anywhere_is_refused_and_named) {
  for (const std::uint64_t at :
       {std::uint64_t{0}, 3 * kMiB + 4096, 5 * kMiB /* a hole */, kBytes - 1}) {
    ASSERT_NO_FATAL_FAILURE(change(at));
    const auto read = read_ram(path_, sums_);
    ASSERT_FALSE(read.has_value()) << at;
    EXPECT_EQ(read.error().code, StatusCode::kBadData);
    EXPECT_THAT(read.error().message, testing::HasSubstr("mebibyte " + std::to_string(at / kMiB)));
    ASSERT_NO_FATAL_FAILURE(change(at));
    EXPECT_TRUE(read_ram(path_, sums_).has_value()) << "as it was again";
  }
}

TEST_F(RamFile, another_length_is_refused) {
  for (const std::uint64_t bytes : {kBytes - 4096, kBytes + 4096, std::uint64_t{0}}) {
    ASSERT_EQ(::truncate(path_.c_str(), static_cast<off_t>(bytes)), 0);
    EXPECT_EQ(read_ram(path_, sums_).error().code, StatusCode::kBadData) << bytes;
  }
}

TEST_F(RamFile, what_is_there_already_is_not_overwritten) {
  EXPECT_EQ(write_ram(image_, path_).error().os_errno, EEXIST);
}

TEST_F(RamFile, checksums_are_read_as_they_were_written_or_refused) {
  const Bytes bytes = encode_ram_sums(sums_);
  const auto decoded = decode_ram_sums(bytes);
  ASSERT_TRUE(decoded.has_value());
  EXPECT_EQ(decoded->bytes, sums_.bytes);
  EXPECT_EQ(decoded->chunks, sums_.chunks);
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_FALSE(decode_ram_sums(ByteView(bytes).first(length)).has_value()) << length;
  }
  EXPECT_FALSE(decode_ram_sums(encode_ram_sums({.bytes = ~0ULL << 12, .chunks = {}})).has_value())
      << "nothing is allocated for a claim";
}

} // namespace
} // namespace schedrig::kvm
