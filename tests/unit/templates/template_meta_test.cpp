// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "host/templates/template_meta.hpp"

namespace schedrig::templates {
namespace {

TEST(TemplateFields, come_back_as_they_were_written) {
  const Fields fields = {{"kernel", "6.18 = new"}, {"topology", "1n2l4c2t"}, {"empty", ""}};
  EXPECT_EQ(read_fields(write_fields(fields)), fields);
  EXPECT_EQ(read_fields("no equals sign\nkey=value"), (Fields{{"key", "value"}}));
}

TEST(TemplateFields, cannot_break_out_of_their_line) {
  EXPECT_EQ(write_fields({{"a=b\nc", "1\n2=3"}}), "a b c=1 2=3\n");
}

TEST(TemplateFields, each_change_is_another_key) {
  const Fields fields = {{"kernel", "1"}, {"agent", "2"}};
  EXPECT_EQ(key_of(fields), key_of(Fields(fields)));
  EXPECT_EQ(key_of(fields).size(), 16U);
  EXPECT_NE(key_of(fields), key_of({{"kernel", "2"}, {"agent", "2"}}));
  EXPECT_NE(key_of(fields), key_of({{"kernel", "12"}, {"agent", ""}}));
}

} // namespace
} // namespace schedrig::templates
