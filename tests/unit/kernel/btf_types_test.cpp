// SPDX-License-Identifier: MIT
// Fields of structures by dotted paths, in a BTF made for it.
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/kernel/btf_types.hpp"
#include "tests/unit/kernel/images.hpp"

namespace schedrig::kernel {
namespace {

using test::BtfBuilder;
using testing::HasSubstr;

std::string types_of_a_scheduler() {
  BtfBuilder btf;
  const auto u32 = btf.alias("u32", btf.integer("unsigned int", 4));
  const auto u64 = btf.integer("long unsigned int", 8);
  const auto scx = btf.structure("scx_rq", 16, {{"clock", u64, 0, 0}, {"flags", u32, 64, 0}});
  const auto inner = btf.structure("", 8, {{"anonymous_field", u64, 0, 0}});
  const auto either =
      btf.structure("", 8, {{"as_u64", u64, 0, 0}, {"as_u32", u32, 0, 0}, {"", inner, 0, 0}}, true);
  btf.structure("rq", 96,
                {{"nr_running", u32, 0, 0},
                 {"low", u32, 32, 3},
                 {"high", u32, 35, 5},
                 {"scx", btf.constant(scx), 64, 0},
                 {"", either, 192, 0},
                 {"cpu_capacity", btf.array(u64, u32, 4), 256, 0},
                 {"curr", btf.pointer(scx), 512, 0},
                 {"pair", btf.array(scx, u32, 2), 576 - 64, 0}});
  return btf.blob();
}

BtfTypes types() {
  auto read = BtfTypes::read(test::view(types_of_a_scheduler()));
  EXPECT_TRUE(read) << read.error().message;
  return *std::move(read);
}

FieldPlace place_of(std::string_view path) {
  auto place = types().field("rq", path);
  EXPECT_TRUE(place) << path << ": " << place.error().message;
  return place.value_or(FieldPlace{});
}

TEST(BtfTypes, fields_have_place_size_and_type) {
  EXPECT_EQ(place_of("nr_running").offset, 0U);
  EXPECT_EQ(place_of("nr_running").bytes, 4U);
  EXPECT_EQ(place_of("nr_running").type, "u32");
  EXPECT_EQ(place_of("curr").type, "pointer");
  EXPECT_EQ(place_of("scx").type, "struct scx_rq");
  EXPECT_EQ(place_of("cpu_capacity").type, "long unsigned int[4]");
  EXPECT_EQ(types().size_of("struct rq").value(), 96U);
}

TEST(BtfTypes, dots_lead_into_structures_behind_qualifiers_too) {
  EXPECT_EQ(place_of("scx.flags").offset, 16U);
  EXPECT_EQ(place_of("scx.flags").bytes, 4U);
}

TEST(BtfTypes, members_of_anonymous_ones_go_by_their_own_names) {
  EXPECT_EQ(place_of("as_u32").offset, 24U);
  EXPECT_EQ(place_of("anonymous_field").offset, 24U);
}

TEST(BtfTypes, brackets_take_elements) {
  EXPECT_EQ(place_of("cpu_capacity[3]").offset, 56U);
  EXPECT_EQ(place_of("cpu_capacity[3]").bytes, 8U);
  EXPECT_EQ(place_of("pair[1].flags").offset, 64U + 16U + 8U);
}

TEST(BtfTypes, bit_fields_say_which_bits_of_which_word) {
  const FieldPlace high = place_of("high");
  EXPECT_EQ(high.offset, 4U);
  EXPECT_EQ(high.bytes, 4U);
  EXPECT_EQ(high.first_bit, 3U);
  EXPECT_EQ(high.bits, 5U);
}

TEST(BtfTypes, what_is_not_there_is_told_with_what_is) {
  const auto expect = [](std::string_view structure, std::string_view path, StatusCode code,
                         std::string_view message, std::string_view help) {
    const auto place = types().field(structure, path);
    ASSERT_FALSE(place) << path;
    EXPECT_EQ(place.error().code, code) << path;
    EXPECT_THAT(place.error().message, HasSubstr(message)) << path;
    EXPECT_THAT(place.error().help, HasSubstr(help)) << path;
  };
  expect("rqq", "x", StatusCode::kNotFound, "no structure \"rqq\"", "\"rq\"");
  expect("rq", "nr_runing", StatusCode::kNotFound, "struct rq has no member", "nr_running");
  expect("rq", "scx.flag", StatusCode::kNotFound, "struct scx_rq has no member", "flags");
  expect("rq", "nr_running.x", StatusCode::kInvalidArgument, "has no members", "");
  expect("rq", "nr_running[0]", StatusCode::kInvalidArgument, "not an array", "");
  expect("rq", "cpu_capacity[4]", StatusCode::kInvalidArgument, "4 elements", "");
  for (const char* path : {"", ".", "a..b", "scx.", "cpu_capacity[", "cpu_capacity[]", "x[-1]",
                           "cpu_capacity[1]2", "[0]", "cpu_capacity[99999999999]"}) {
    const auto place = types().field("rq", path);
    EXPECT_FALSE(place) << path;
  }
}

TEST(BtfTypes, what_is_no_btf_is_refused) {
  EXPECT_FALSE(BtfTypes::read({}));
  EXPECT_FALSE(BtfTypes::read(test::view("no BTF at all, but long enough for a header")));
}

// Rings of types, sizes and names that lead outside: errors or answers, and an end.
TEST(BtfTypes, damaged_types_end) {
  std::mt19937 random(3);
  const std::string whole = types_of_a_scheduler();
  for (int round = 0; round < 3000; ++round) {
    std::string damaged = whole;
    for (int i = 0; i < 1 + round % 4; ++i) {
      damaged[24 + random() % (damaged.size() - 24)] = static_cast<char>(random() % 32);
    }
    if (const auto read = BtfTypes::read(test::view(damaged))) {
      for (const char* path : {"nr_running", "scx.flags", "pair[1].flags", "as_u32", "nothing"}) {
        (void)read->field("rq", path);
      }
    }
  }
}

} // namespace
} // namespace schedrig::kernel
