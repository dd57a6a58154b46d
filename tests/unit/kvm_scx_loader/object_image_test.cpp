// SPDX-License-Identifier: MIT
// The operations of an object, from a real one, and from damaged copies of it.
#include <algorithm>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

#include "scx_loader/object_image.hpp"

namespace schedrig::scx {
namespace {

std::string fifo() {
  std::ifstream file(OBJECTS "/fifo.bpf.o", std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(ObjectImage, callbacks_are_found_by_the_offset_of_their_pointer) {
  const auto image = read_object(OBJECTS "/fifo.bpf.o");
  ASSERT_TRUE(image) << image.error().message;
  ASSERT_EQ(image->ops.size(), 1U);
  const OpsSection& ops = image->ops[0];
  EXPECT_EQ(ops.name, ".Struct_ops.link");
  EXPECT_NE(ops.data.find("fifo"), std::string::npos) << "its name is in the data";
  std::vector<std::string> functions;
  std::ranges::transform(ops.pointers, std::back_inserter(functions), &FunctionPointer::function);
  EXPECT_NE(std::ranges::find(functions, "fifo_enqueue"), functions.end());
  EXPECT_NE(std::ranges::find(functions, "fifo_init"), functions.end());
  EXPECT_EQ(image->bytes.size(), fifo().size());
  EXPECT_EQ(image->bytes.find(std::string(".struct_ops.link") + '\0'), std::string::npos);
}

TEST(ObjectImage, what_is_no_bpf_object_is_refused_with_its_path) {
  for (const char* path : {"/proc/self/exe", "/etc/passwd", "/nonexistent"}) {
    const auto image = read_object(path);
    ASSERT_FALSE(image) << path;
    EXPECT_NE(image.error().message.find(path), std::string::npos) << image.error().message;
  }
}

TEST(ObjectImage, a_file_that_ends_early_is_an_error_at_every_length) {
  const std::string whole = fifo();
  ASSERT_GT(whole.size(), 1000U);
  for (std::size_t size = 0; size < whole.size(); size += 61) {
    EXPECT_FALSE(parse_object(whole.substr(0, size), "cut")) << size;
  }
}

TEST(ObjectImage, damage_in_headers_ends_in_an_error_or_an_image_of_the_same_size) {
  const std::string whole = fifo();
  for (std::size_t at = 0; at < whole.size(); at += at < 64 || at + 3000 > whole.size() ? 1 : 97) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(~damaged[at]);
    const auto image = parse_object(std::move(damaged), "damaged");
    if (image) {
      EXPECT_EQ(image->bytes.size(), whole.size()) << at;
    }
  }
}

} // namespace
} // namespace schedrig::scx
