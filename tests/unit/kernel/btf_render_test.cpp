// SPDX-License-Identifier: MIT
// Values of each kind of type, rendered, and what bytes and limits cut off.
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/json/text.hpp"
#include "host/kernel/btf_render.hpp"
#include "tests/unit/kernel/images.hpp"

namespace schedrig::kernel {
namespace {

using test::BtfBuilder;

class BtfRender : public testing::Test {
 protected:
  std::string render(std::uint32_t type, const std::vector<std::uint8_t>& bytes,
                     const RenderOptions& options = {}) {
    const BtfTypes types = BtfTypes::read(test::view(btf_.blob())).value();
    return json::to_line(types.render(type, bytes, options));
  }

  BtfBuilder btf_;
  std::uint32_t u8_ = btf_.integer("unsigned char", 1);
  std::uint32_t u16_ = btf_.integer("short unsigned int", 2);
  std::uint32_t u32_ = btf_.integer("unsigned int", 4);
  std::uint32_t u64_ = btf_.integer("long unsigned int", 8);
  std::uint32_t char_ = btf_.integer("char", 1);
};

TEST_F(BtfRender, integers_are_numbers_by_their_encoding) {
  const auto s32 = btf_.integer("int", 4, BtfBuilder::kSigned);
  const auto boolean = btf_.integer("_Bool", 1, BtfBuilder::kBool);
  const auto wide = btf_.integer("__int128", 16);
  EXPECT_EQ(render(u32_, {0xff, 0xff, 0xff, 0xff}), "4294967295");
  EXPECT_EQ(render(s32, {0xfe, 0xff, 0xff, 0xff}), "-2");
  EXPECT_EQ(render(u64_, std::vector<std::uint8_t>(8, 0xff)), "18446744073709551615");
  EXPECT_EQ(render(boolean, {1}), "true");
  EXPECT_EQ(render(boolean, {7}), "7");
  std::vector<std::uint8_t> sixteen(16);
  sixteen[0] = 0x34;
  sixteen[15] = 0x12;
  EXPECT_EQ(render(wide, sixteen), "\"0x12000000000000000000000000000034\"");
  EXPECT_EQ(render(btf_.constant(btf_.alias("u32", u32_)), {5, 0, 0, 0}), "5");
}

TEST_F(BtfRender, enumerations_go_by_name_where_the_value_has_one) {
  const auto state = btf_.enumeration("state", {{"IDLE", 0}, {"BUSY", 3}, {"NONE", -1}});
  EXPECT_EQ(render(state, {3, 0, 0, 0}), "\"BUSY\"");
  EXPECT_EQ(render(state, {0xff, 0xff, 0xff, 0xff}), "\"NONE\"");
  EXPECT_EQ(render(state, {9, 0, 0, 0}), "9");
  const BtfTypes types = BtfTypes::read(test::view(btf_.blob())).value();
  const auto all = types.enumerators("state").value();
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[2].name, "NONE");
  EXPECT_EQ(all[2].value, -1);
  EXPECT_FALSE(types.enumerators("stat"));
}

TEST_F(BtfRender, structures_unions_and_bit_fields) {
  const auto inner = btf_.structure("", 4, {{"low", u16_, 0, 0}, {"high", u16_, 16, 0}});
  const auto both = btf_.structure("", 4, {{"word", u32_, 0, 0}, {"", inner, 0, 0}}, true);
  const auto outer = btf_.structure(
      "outer", 8, {{"", both, 0, 0}, {"a", u32_, 32, 3}, {"b", u32_, 35, 13}, {"c", u8_, 48, 0}});
  EXPECT_EQ(render(outer, {1, 0, 2, 0, 0b1110'1101, 0x01, 9, 0}),
            R"({"word":131073,"low":1,"high":2,"a":5,"b":61,"c":9})");
}

TEST_F(BtfRender, pointers_are_addresses_with_what_lies_there) {
  RenderOptions options;
  options.name_of_pointer = [](std::uint64_t pointer) {
    return pointer == 0x1234 ? std::string("schedule+0x4") : std::string();
  };
  const auto pointer = btf_.pointer(u32_);
  EXPECT_EQ(render(pointer, {0x34, 0x12, 0, 0, 0, 0, 0, 0}, options), "\"0x1234 schedule+0x4\"");
  EXPECT_EQ(render(pointer, {0x35, 0x12, 0, 0, 0, 0, 0, 0}, options), "\"0x1235\"");
  EXPECT_EQ(render(pointer, {0x35, 0x12, 0, 0, 0, 0, 0, 0}), "\"0x1235\"");
}

TEST_F(BtfRender, arrays_of_characters_are_text_if_they_are) {
  const auto text = btf_.array(char_, u32_, 4);
  EXPECT_EQ(render(text, {'a', 'b', 0, 0}), "\"ab\"");
  EXPECT_EQ(render(text, {'a', 0, 'b', 0}), "[97,0,98,0]");
  EXPECT_EQ(render(text, {'a', 7, 0, 0}), "[97,7,0,0]");
  EXPECT_EQ(render(btf_.array(u8_, u32_, 2), {1, 2}), "[1,2]");
}

TEST_F(BtfRender, an_end_without_a_length_takes_what_there_is) {
  const auto tail =
      btf_.structure("tail", 4, {{"n", u32_, 0, 0}, {"values", btf_.array(u16_, u32_, 0), 32, 0}});
  EXPECT_EQ(render(tail, {2, 0, 0, 0, 1, 0, 2, 0, 3}), R"({"n":2,"values":[1,2]})");
  EXPECT_EQ(render(tail, {2, 0, 0, 0}), R"({"n":2,"values":[]})");
}

TEST_F(BtfRender, what_lies_behind_the_bytes_is_null) {
  const auto pair =
      btf_.structure("pair", 12, {{"a", u32_, 0, 0}, {"b", btf_.array(u32_, u32_, 2), 32, 0}});
  EXPECT_EQ(render(pair, {1, 0, 0, 0, 2, 0, 0, 0, 3}), R"({"a":1,"b":[2,null]})");
  EXPECT_EQ(render(pair, {1, 0}), R"({"a":null,"b":null})");
  EXPECT_EQ(render(u64_, {}), "null");
}

TEST_F(BtfRender, limits_cut_depth_elements_and_values) {
  const auto in = btf_.structure("in", 4, {{"v", u32_, 0, 0}});
  const auto out = btf_.structure("out", 8, {{"in", in, 0, 0}, {"w", u32_, 32, 0}});
  const std::vector<std::uint8_t> bytes = {1, 0, 0, 0, 2, 0, 0, 0};
  RenderOptions flat;
  flat.depth = 1;
  EXPECT_EQ(render(out, bytes, flat), R"({"in":"...","w":"..."})");
  RenderOptions few;
  few.values = 3;
  EXPECT_EQ(render(out, bytes, few), R"({"in":{"v":1},"...":"..."})");
  RenderOptions short_arrays;
  short_arrays.elements = 2;
  EXPECT_EQ(render(btf_.array(u8_, u32_, 8), bytes, short_arrays), R"([1,0,"..."])");
}

TEST_F(BtfRender, a_section_is_as_a_structure_of_its_variables) {
  const auto section = btf_.section(".bss", 16, {{"dispatched", u64_, 0, 8}, {"knob", u32_, 8, 4}});
  std::vector<std::uint8_t> bytes(16);
  bytes[0] = 42;
  bytes[8] = 7;
  EXPECT_EQ(render(section, bytes), R"({"dispatched":42,"knob":7})");
  const BtfTypes types = BtfTypes::read(test::view(btf_.blob())).value();
  EXPECT_EQ(types.field(section, "knob").value().offset, 8U);
  EXPECT_EQ(types.size_of(section).value(), 16U);
  const auto none = types.field(section, "knop");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().message, ".bss has no member \"knop\"");
}

TEST_F(BtfRender, text_is_for_one_line) {
  json::Value value = json::Value::object();
  value.set("pid", 17);
  value.set("comm", "init");
  value.set("cpus", json::Array{json::Value(1), json::Value(2)});
  value.set("none", json::Array{});
  value.set("on", true);
  EXPECT_EQ(to_text(value),
            "{ .pid = 17, .comm = \"init\", .cpus = [1, 2], .none = [], .on = true }");
}

TEST_F(BtfRender, damaged_types_are_refused_or_render_something) {
  const auto inner = btf_.structure("in", 8, {{"a", btf_.array(u16_, u32_, 4), 0, 0}});
  btf_.structure("out", 24,
                 {{"in", inner, 0, 0}, {"bits", u32_, 64, 7}, {"p", btf_.pointer(inner), 128, 0}});
  btf_.section(".bss", 16, {{"x", u64_, 0, 8}});
  const std::string whole = btf_.blob();
  std::mt19937 random(20); // NOLINT(cert-msc32-c,cert-msc51-cpp): the same damage each time
  const std::vector<std::uint8_t> bytes(64, 0xa5);
  for (int round = 0; round < 20'000; ++round) {
    std::string damaged = whole.substr(0, round % 4 == 0 ? random() % whole.size() : whole.size());
    for (std::size_t i = 0; i < 1 + random() % 4 && !damaged.empty(); ++i) {
      damaged[24 % damaged.size() + random() % (damaged.size() - 24 % damaged.size())] =
          static_cast<char>(random());
    }
    const auto types = BtfTypes::read(test::view(damaged));
    for (TypeId type = 0; types && type < 16; ++type) {
      EXPECT_LT(to_text(types->render(type, bytes, {})).size(), std::size_t{1} << 20U);
      static_cast<void>(types->field(type, "in.a[2]"));
    }
  }
}

} // namespace
} // namespace schedrig::kernel
