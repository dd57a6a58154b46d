// SPDX-License-Identifier: MIT
// The bzImage reader, on small images and damaged ones.
#include <gtest/gtest.h>

#include "host/kernel/bzimage.hpp"
#include "host/kernel/elf_sections.hpp"
#include "tests/unit/kernel/images.hpp"

namespace schedrig::kernel {
namespace {

using test::bzimage;
using test::elf_file;

TEST(BzImage, version_and_build_come_from_the_header) {
  const std::string image = bzimage("6.18.15+deb13 (someone@host) #1 SMP PREEMPT", "payload");
  const auto header = parse_bzimage(test::view(image));
  ASSERT_TRUE(header) << header.error().message;
  EXPECT_EQ(header->version, "6.18.15+deb13");
  EXPECT_EQ(header->build, "(someone@host) #1 SMP PREEMPT");
  EXPECT_EQ(header->payload_at, 1024U + 16U);
  EXPECT_EQ(header->payload_size, 7U);
}

TEST(BzImage, the_kernel_inside_is_found_and_its_sections_too) {
  const std::string image = bzimage("6.18", elf_file({{".BTF", "types"}}));
  const auto vmlinux = extract_vmlinux(test::view(image));
  ASSERT_TRUE(vmlinux) << vmlinux.error().message;
  const auto section = elf_section(*vmlinux, ".BTF");
  ASSERT_TRUE(section);
  EXPECT_EQ(section->size(), 5U);
  const auto absent = elf_section(*vmlinux, ".symtab");
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().code, StatusCode::kNotFound);
}

TEST(BzImage, a_vmlinux_is_taken_as_it_is) {
  const std::string file = elf_file({{".BTF", "types"}});
  const auto vmlinux = extract_vmlinux(test::view(file));
  ASSERT_TRUE(vmlinux);
  EXPECT_EQ(vmlinux->size(), file.size());
}

TEST(BzImage, an_image_cut_anywhere_is_an_error_not_a_crash) {
  const std::string image = bzimage("6.18", elf_file({{".BTF", "types"}}));
  for (std::size_t size = 0; size < image.size(); ++size) {
    EXPECT_FALSE(parse_bzimage(test::view(image.substr(0, size)))) << size;
    EXPECT_FALSE(extract_vmlinux(test::view(image.substr(0, size)))) << size;
  }
}

TEST(BzImage, something_else_is_told_what_is_needed) {
  const std::string text(4096, 'x');
  const auto header = parse_bzimage(test::view(text));
  ASSERT_FALSE(header);
  EXPECT_EQ(header.error().code, StatusCode::kBadData);
  EXPECT_NE(header.error().help.find("bzImage"), std::string::npos);
}

TEST(BzImage, a_payload_that_is_packed_in_an_unknown_way_is_refused) {
  const std::string image = bzimage("6.18", "????????");
  const auto vmlinux = extract_vmlinux(test::view(image));
  ASSERT_FALSE(vmlinux);
  EXPECT_EQ(vmlinux.error().code, StatusCode::kUnsupported);
}

TEST(BzImage, control_characters_in_a_version_do_not_reach_the_terminal) {
  const std::string image = bzimage("6.1\x1b[31m8", "payload");
  const auto header = parse_bzimage(test::view(image));
  ASSERT_TRUE(header);
  EXPECT_EQ(header->version, "6.1?[31m8");
}

TEST(ElfSections, damaged_tables_are_errors_not_crashes) {
  const std::string file = elf_file({{".a", "1"}, {".b", "22"}});
  for (std::size_t at = 0; at < file.size(); ++at) {
    std::string changed = file;
    changed[at] = static_cast<char>(~static_cast<unsigned char>(changed[at]));
    (void)elf_section(test::view(changed), ".b");
    (void)elf_section(test::view(file.substr(0, at)), ".b");
  }
}

} // namespace
} // namespace schedrig::kernel
