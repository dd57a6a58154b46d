// SPDX-License-Identifier: MIT
// Types of a table, encoded and read again.
#include <array>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/kernel/btf_encode.hpp"
#include "host/kernel/btf_types.hpp"

namespace schedrig::kernel {
namespace {

TEST(EncodedTypes, are_found_again) {
  const std::array members = {BtfMember{.name = "next", .type = 3, .value = 0},
                              BtfMember{.name = "name", .type = 4, .value = 8},
                              BtfMember{.name = "pid", .type = 1, .value = 24}};
  const std::array numbers = {BtfMember{.name = "FIRST", .value = 0},
                              BtfMember{.name = "SECOND", .value = 7}};
  const std::array variables = {BtfMember{.type = 7, .value = 16}};
  const std::array<BtfType, 8> table = {
      BtfType{.kind = BtfKind::kInteger, .bytes = 4, .name = "unsigned int"},
      BtfType{.kind = BtfKind::kChar, .bytes = 1, .name = "char"},
      BtfType{.kind = BtfKind::kPointer, .type = 5}, // of what comes behind it
      BtfType{.kind = BtfKind::kArray, .type = 2, .count = 16},
      BtfType{.kind = BtfKind::kStruct, .bytes = 32, .name = "task", .members = members},
      BtfType{.kind = BtfKind::kEnum, .bytes = 4, .name = "number", .members = numbers},
      BtfType{.kind = BtfKind::kVariable, .name = "seen", .type = 1},
      BtfType{.kind = BtfKind::kSection, .bytes = 20, .name = ".bss", .members = variables}};
  const auto blob = encode_btf(table);
  ASSERT_TRUE(blob) << blob.error().message;
  const auto types = BtfTypes::read(*blob);
  ASSERT_TRUE(types) << types.error().message;
  EXPECT_EQ(types->size_of("task").value(), 32U);
  const auto pid = types->field("task", "pid").value();
  EXPECT_EQ(pid.offset, 24U);
  EXPECT_EQ(pid.bytes, 4U);
  EXPECT_EQ(types->field("task", "name[15]").value().offset, 23U);
  EXPECT_EQ(types->pointee(types->field("task", "next").value().type_id).value(), 5U);
  EXPECT_EQ(types->enumerators("number").value().at(1).value, 7);
  EXPECT_EQ(types->field(8, "seen").value().offset, 16U);
}

TEST(EncodedTypes, name_the_one_that_cannot_be) {
  const std::array<BtfType, 1> table = {
      BtfType{.kind = BtfKind::kInteger, .bytes = 3, .name = "odd"}};
  const auto blob = encode_btf(table);
  ASSERT_FALSE(blob);
  EXPECT_EQ(blob.error().code, StatusCode::kInvalidArgument);
  EXPECT_THAT(blob.error().message, testing::HasSubstr("type 1 (odd)"));
}

} // namespace
} // namespace schedrig::kernel
