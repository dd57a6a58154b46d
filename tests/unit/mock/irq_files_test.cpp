// SPDX-License-Identifier: MIT
// /proc/interrupts and /proc/irq of the mock machine.
#include <cerrno>
#include <string>

#include <gtest/gtest.h>

#include "tests/unit/mock/machine_fixture.hpp"

namespace schedrig::mock::test {
namespace {

const std::string kConfig = "/proc/irq/24/"; // virtio0-config

TEST(IrqFiles, interrupts_are_in_the_kernels_columns) {
  TestMachine m(2);
  const std::string text = m.read("/proc/interrupts").data;
  EXPECT_TRUE(text.starts_with("           CPU0       CPU1       \n"
                               "  0:          0          0  IO-APIC   2-edge      timer\n"))
      << text;
  EXPECT_NE(text.find("\n 27:          0          0 PCI-MSIX-0000:00:01.0   3-edge      "
                      "virtio0-control-i\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("\nNMI:          0          0   Non-maskable interrupts\n"),
            std::string::npos);
}

TEST(IrqFiles, an_affinity_is_kept_as_list_and_as_mask_and_one_cpu_of_it_is_effective) {
  TestMachine m(40);
  EXPECT_EQ(m.read(kConfig + "smp_affinity_list").data, "0-39\n");
  EXPECT_EQ(m.read(kConfig + "smp_affinity").data, "ff,ffffffff\n");
  ASSERT_EQ(m.write(kConfig + "smp_affinity_list", "33,4-5\n"), 0);
  EXPECT_EQ(m.read(kConfig + "smp_affinity_list").data, "4-5,33\n");
  EXPECT_EQ(m.read(kConfig + "smp_affinity").data, "02,00000030\n");
  EXPECT_EQ(m.read(kConfig + "effective_affinity_list").data, "4\n");
  ASSERT_EQ(m.write(kConfig + "smp_affinity", "80,0\n"), 0);
  EXPECT_EQ(m.read(kConfig + "smp_affinity_list").data, "39\n");
  EXPECT_EQ(m.read(kConfig + "effective_affinity").data, "80,00000000\n");
  EXPECT_EQ(m.read("/proc/irq/25/smp_affinity_list").data, "0-39\n"); // each has its own
}

TEST(IrqFiles, masks_that_make_no_sense_are_refused_and_change_nothing) {
  TestMachine m(4);
  ASSERT_EQ(m.write(kConfig + "smp_affinity_list", "2"), 0);
  EXPECT_EQ(m.write(kConfig + "smp_affinity_list", ""), EINVAL);
  EXPECT_EQ(m.write(kConfig + "smp_affinity_list", "\n"), EINVAL);
  EXPECT_EQ(m.write(kConfig + "smp_affinity_list", "x"), EINVAL);
  EXPECT_EQ(m.write(kConfig + "smp_affinity_list", "4"), ERANGE);
  EXPECT_EQ(m.write(kConfig + "smp_affinity", "0"), EINVAL);
  EXPECT_EQ(m.write(kConfig + "smp_affinity", "g"), EINVAL);
  EXPECT_EQ(m.write(kConfig + "smp_affinity", "10"), EOVERFLOW);
  EXPECT_EQ(m.write(kConfig + "smp_affinity", "000000001"), EOVERFLOW);
  EXPECT_EQ(m.write(kConfig + "smp_affinity", "0,1"), EOVERFLOW);
  EXPECT_EQ(m.write("/proc/irq/default_smp_affinity", "0"), EINVAL);
  EXPECT_EQ(m.read(kConfig + "smp_affinity_list").data, "2\n");
}

TEST(IrqFiles, what_cannot_be_moved_says_so) {
  TestMachine m(4);
  EXPECT_EQ(m.write("/proc/irq/0/smp_affinity_list", "1"), EPERM);
  EXPECT_EQ(m.write("/proc/irq/0/smp_affinity_list", "x"), EPERM);
  EXPECT_EQ(m.write(kConfig + "effective_affinity_list", "1"), EIO);
  EXPECT_EQ(m.write("/proc/interrupts", "1"), EIO);
}

TEST(IrqFiles, the_directory_names_interrupts_and_their_actions) {
  TestMachine m(4);
  EXPECT_EQ(m.file(FileOpKind::kList, "/proc/irq").data,
            "0/\n24/\n25/\n26/\n27/\n28/\n29/\n4/\n8/\n9/\ndefault_smp_affinity\n");
  EXPECT_EQ(m.file(FileOpKind::kList, "/proc/irq/4").data,
            "effective_affinity\neffective_affinity_list\nsmp_affinity\nsmp_affinity_list\n"
            "ttyS0/\n");
  EXPECT_EQ(m.file(FileOpKind::kList, "/proc/irq/4/ttyS0").data, "");
  EXPECT_EQ(m.read("/proc/irq/77/smp_affinity").error, ENOENT);
  EXPECT_EQ(m.read("/proc/irq/04/smp_affinity").error, ENOENT);
  EXPECT_EQ(m.read("/proc/irq/4/nope").error, ENOENT);
  EXPECT_EQ(m.read("/proc/irq/4").error, EISDIR);
  EXPECT_EQ(m.mkdir("/proc/irq/77"), ENOENT);
  EXPECT_EQ(m.rmdir("/proc/irq/4"), EPERM);
}

} // namespace
} // namespace schedrig::mock::test
