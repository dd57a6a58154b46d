// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "host/engine/interrupts.hpp"

namespace schedrig::engine {
namespace {

// In the columns of Linux 6.18; line 9 is shared, and has a name with a space.
constexpr std::string_view kText =
    "           CPU0       CPU1       \n"
    "  0:         46          0   IO-APIC   2-edge      timer\n"
    "  9:          0         12   IO-APIC   9-fasteoi   acpi, my device, i801\n"
    " 24:          0          7  PCI-MSIX-0000:00:01.0   0-edge      virtio0-config\n"
    " 25:          0          0  PCI-MSIX-0000:00:01.0   1-edge      virtio0-input\n"
    " 28:          3          0  PCI-MSIX-0000:00:01.0   4-edge      virtio0-input\n"
    " 30:          1          0   IO-APIC  22-fasteoi \n"
    "NMI:          0          0   Non-maskable interrupts\n"
    "LOC:       1234       5678   Local timer interrupts\n"
    "ERR:          0\n";

std::vector<Interrupt> parsed() {
  auto interrupts = parse_interrupts(kText);
  EXPECT_TRUE(interrupts);
  return interrupts ? *std::move(interrupts) : std::vector<Interrupt>{};
}

TEST(Interrupts, numbered_lines_are_read_with_their_actions) {
  const auto interrupts = parsed();
  ASSERT_EQ(interrupts.size(), 6U);
  EXPECT_EQ(interrupts[0].number, 0U);
  EXPECT_EQ(interrupts[0].actions, std::vector<std::string>{"timer"});
  EXPECT_EQ(interrupts[1].actions, (std::vector<std::string>{"acpi", "my device", "i801"}));
  EXPECT_TRUE(interrupts[5].actions.empty());
}

TEST(Interrupts, a_label_is_a_whole_action_name_also_of_a_shared_line) {
  const auto interrupts = parsed();
  EXPECT_EQ(find_interrupt(interrupts, "timer", {}), 0U);
  EXPECT_EQ(find_interrupt(interrupts, "acpi", {}), 9U);
  EXPECT_EQ(find_interrupt(interrupts, "my device", {}), 9U);
  EXPECT_EQ(find_interrupt(interrupts, "virtio0-config", {}), 24U);
  for (const char* part :
       {"device", "my", "virtio0", "fasteoi", "IO-APIC", "", "acpi, my device"}) {
    const auto found = find_interrupt(interrupts, part, {});
    ASSERT_FALSE(found) << part;
    EXPECT_EQ(found.error().code, StatusCode::kNotFound) << part;
  }
}

TEST(Interrupts, an_unknown_label_is_answered_with_the_nearest) {
  const auto found = find_interrupt(parsed(), "virtio0-confg", {});
  ASSERT_FALSE(found);
  EXPECT_NE(found.error().help.find("\"virtio0-config\""), std::string::npos) << found.error().help;
}

TEST(Interrupts, two_lines_with_the_name_are_both_listed_and_nth_chooses) {
  const auto interrupts = parsed();
  const auto found = find_interrupt(interrupts, "virtio0-input", {});
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, StatusCode::kInvalidArgument);
  EXPECT_NE(found.error().message.find("25 (virtio0-input), 28 (virtio0-input)"), std::string::npos)
      << found.error().message;
  EXPECT_EQ(find_interrupt(interrupts, "virtio0-input", 0), 25U);
  EXPECT_EQ(find_interrupt(interrupts, "virtio0-input", 1), 28U);
  EXPECT_EQ(find_interrupt(interrupts, "virtio0-input", 2).error().code, StatusCode::kNotFound);
  EXPECT_EQ(find_interrupt(interrupts, "timer", 0), 0U);
}

TEST(Interrupts, text_without_a_header_is_bad_data_and_broken_lines_are_left_out) {
  EXPECT_EQ(parse_interrupts("").error().code, StatusCode::kBadData);
  EXPECT_EQ(parse_interrupts("24: 0 0 chip 0-edge x\n").error().code, StatusCode::kBadData);
  const auto interrupts =
      parse_interrupts("  CPU0\n:\n24\n99999999999: 0 chip 1-edge a\n24x: 0\n7:\n8: 0 chip");
  ASSERT_TRUE(interrupts);
  ASSERT_EQ(interrupts->size(), 2U);
  EXPECT_EQ((*interrupts)[0].number, 7U);
  EXPECT_TRUE((*interrupts)[0].actions.empty());
  EXPECT_TRUE((*interrupts)[1].actions.empty());
}

} // namespace
} // namespace schedrig::engine
