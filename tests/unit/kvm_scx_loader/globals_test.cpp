// SPDX-License-Identifier: MIT
// Global variables of a real object, opened and never loaded.
#include <array>
#include <cstring>
#include <memory>

#include <gtest/gtest.h>

#include "scx_loader/globals.hpp"

namespace schedrig::scx {
namespace {

class Globals : public testing::Test {
 protected:
  void SetUp() override {
    libbpf_set_print(nullptr);
    object.reset(bpf_object__open_file(OBJECTS "/faulty.bpf.o", nullptr));
    ASSERT_NE(object, nullptr);
  }
  template <class T> T value(std::string_view name) {
    T value{};
    const auto variable = find_variable(*object, name);
    EXPECT_TRUE(variable) << name;
    std::size_t size = 0;
    const auto* const values =
        static_cast<const char*>(bpf_map__initial_value(variable->map, &size));
    std::memcpy(&value, values + variable->offset, sizeof value);
    return value;
  }
  std::string error(std::string_view name, const std::string& text) {
    const auto set = set_variable(*object, name, text);
    return set ? "" : set.error().message + "; " + set.error().help;
  }
  std::unique_ptr<bpf_object, decltype(&bpf_object__close)> object{nullptr, bpf_object__close};
};

TEST_F(Globals, numbers_texts_and_enumerators_are_set_by_their_types) {
  ASSERT_EQ(error("after_ns", "0x10"), "");
  EXPECT_EQ(value<std::uint64_t>("after_ns"), 16U);
  ASSERT_EQ(error("code", "4294967295"), "");
  EXPECT_EQ(value<std::uint32_t>("code"), 4294967295U);
  ASSERT_EQ(error("fault", "FAULT_DROP"), "");
  EXPECT_EQ(value<std::uint32_t>("fault"), 2U);
  ASSERT_EQ(error("fault", "1"), "");
  EXPECT_EQ(value<std::uint32_t>("fault"), 1U);
  ASSERT_EQ(error("message", "bye"), "");
  EXPECT_STREQ((value<std::array<char, 128>>("message").data()), "bye");
}

TEST_F(Globals, what_does_not_fit_the_type_is_refused_and_changes_nothing) {
  const auto before = value<std::uint64_t>("after_ns");
  for (const char* text : {"", "-1", "12x", "0x", "1.5", "18446744073709551616", " "}) {
    EXPECT_NE(error("after_ns", text).find("an unsigned number of 64 bits"), std::string::npos)
        << text;
  }
  EXPECT_EQ(value<std::uint64_t>("after_ns"), before);
  EXPECT_NE(error("code", "4294967296").find("of 32 bits"), std::string::npos);
  EXPECT_NE(error("fault", "FAULT_NOWHERE").find("fault"), std::string::npos);
  EXPECT_NE(error("message", std::string(128, 'x')).find("up to 127 bytes"), std::string::npos);
  EXPECT_NE(error("uei", "1").find("neither a number nor a text"), std::string::npos);
}

TEST_F(Globals, a_name_that_is_not_there_lists_those_that_are) {
  const std::string text = error("after", "1");
  EXPECT_NE(text.find("no global after"), std::string::npos) << text;
  EXPECT_NE(text.find("after_ns"), std::string::npos) << text;
}

} // namespace
} // namespace schedrig::scx
