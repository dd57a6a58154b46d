// SPDX-License-Identifier: MIT
// The kernel cache: adding, finding by version, path and default, and surviving damage.
#include <gtest/gtest.h>

#include "host/kernel/kernel_cache.hpp"
#include "tests/unit/apt/temp_dir.hpp"
#include "tests/unit/kernel/images.hpp"

namespace schedrig::kernel {
namespace {

namespace fs = std::filesystem;
using test::Scx;

class KernelCacheTest : public ::testing::Test {
 protected:
  KernelEntry add(const std::string& version, Scx kind, bool with_modules = false) {
    KernelSource source;
    source.image = temp_.write("in/" + version, test::kernel_image(version, kind));
    source.origin = "test";
    if (with_modules) {
      temp_.write("in/modules/kernel/kvm-amd.ko",
                  test::elf_file({{".modinfo", std::string("depends=\0", 9)}}));
      source.modules_root = temp_.path() / "in/modules";
    }
    auto entry = cache_.add(source);
    EXPECT_TRUE(entry) << entry.error().message;
    return entry ? *entry : KernelEntry{};
  }

  test::TempDir temp_;
  KernelCache cache_{temp_.path() / "kernels"};
};

TEST_F(KernelCacheTest, an_added_kernel_is_listed_with_its_facts) {
  const KernelEntry added = add("6.18.15", Scx::kPlain, true);
  const auto all = cache_.list();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].id, added.id);
  EXPECT_EQ(all[0].facts.version, "6.18.15");
  EXPECT_TRUE(all[0].facts.whole());
  EXPECT_EQ(all[0].modules.size(), 1U);
  EXPECT_TRUE(fs::exists(all[0].image));
}

TEST_F(KernelCacheTest, the_same_kernel_twice_is_one_entry_and_gains_modules) {
  add("6.18.15", Scx::kPlain);
  EXPECT_FALSE(cache_.list()[0].can_host_lab());
  add("6.18.15", Scx::kPlain, true);
  ASSERT_EQ(cache_.list().size(), 1U);
  EXPECT_TRUE(cache_.list()[0].can_host_lab());
  add("6.18.15", Scx::kPlain);
  EXPECT_TRUE(cache_.list()[0].can_host_lab()) << "a poorer source takes nothing away";
}

TEST_F(KernelCacheTest, the_same_kernel_twice_gains_its_config_and_keeps_its_modules) {
  add("6.18.15", Scx::kPlain, true);
  EXPECT_FALSE(cache_.list()[0].facts.config);
  KernelSource source;
  source.image = temp_.path() / "in/6.18.15";
  source.config = temp_.write("in/config", "CONFIG_HZ=250\nCONFIG_PREEMPT_LAZY=y\n");
  ASSERT_TRUE(cache_.add(source));
  ASSERT_EQ(cache_.list().size(), 1U);
  EXPECT_EQ(cache_.list()[0].facts.config->hz, "250");
  EXPECT_TRUE(cache_.list()[0].can_host_lab());
  add("6.18.15", Scx::kPlain);
  EXPECT_TRUE(cache_.list()[0].facts.config) << "a poorer source takes nothing away";
}

TEST_F(KernelCacheTest, without_a_wish_the_newest_whole_kernel_is_found) {
  add("6.18.15", Scx::kPlain);
  add("7.0.13", Scx::kPlain);
  add("7.2.12", Scx::kBroken);
  EXPECT_EQ(cache_.find("")->facts.version, "7.0.13");
}

TEST_F(KernelCacheTest, a_prefix_finds_the_newest_of_its_series_even_if_it_is_not_whole) {
  add("6.18.9", Scx::kPlain);
  add("6.18.15", Scx::kPlain);
  add("7.2.12", Scx::kBroken);
  EXPECT_EQ(cache_.find("6.18")->facts.version, "6.18.15");
  EXPECT_EQ(cache_.find("7.2")->facts.version, "7.2.12");
  const auto absent = cache_.find("6.1");
  ASSERT_FALSE(absent);
  EXPECT_NE(absent.error().help.find("schedrig kernel fetch 6.1"), std::string::npos);
}

TEST_F(KernelCacheTest, an_empty_cache_says_how_to_fill_it) {
  const auto absent = cache_.find("");
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().code, StatusCode::kNotFound);
  EXPECT_NE(absent.error().help.find("schedrig kernel fetch"), std::string::npos);
  EXPECT_FALSE(cache_.find_lab_host());
}

TEST_F(KernelCacheTest, a_cache_of_unusable_kernels_says_why) {
  add("7.2.12", Scx::kBroken);
  const auto absent = cache_.find("");
  ASSERT_FALSE(absent);
  EXPECT_NE(absent.error().message.find("scx_bpf_create_dsq_impl"), std::string::npos);
}

TEST_F(KernelCacheTest, the_labs_host_needs_modules_and_is_whole_if_it_can_be) {
  add("7.0.13", Scx::kPlain);
  add("6.18.15", Scx::kPlain, true);
  add("7.2.12", Scx::kBroken, true);
  EXPECT_EQ(cache_.find_lab_host()->facts.version, "6.18.15");
}

TEST_F(KernelCacheTest, a_path_is_inspected_and_not_cached) {
  const fs::path image = temp_.write("my/vmlinuz", test::kernel_image("6.18.1-mine", Scx::kPlain));
  const auto entry = cache_.find(image.string());
  ASSERT_TRUE(entry) << entry.error().message;
  EXPECT_EQ(entry->image, image);
  EXPECT_EQ(entry->facts.version, "6.18.1-mine");
  EXPECT_TRUE(cache_.list().empty());
  const auto absent = cache_.find("/nonexistent/vmlinuz");
  ASSERT_FALSE(absent);
  EXPECT_NE(absent.error().message.find("/nonexistent/vmlinuz"), std::string::npos);
}

TEST_F(KernelCacheTest, half_finished_and_damaged_entries_are_not_there) {
  const KernelEntry good = add("6.18.15", Scx::kPlain);
  temp_.write("kernels/.incoming-abc/meta", "format=1\nversion=9.9\n");
  temp_.write("kernels/no-meta/vmlinuz", "x");
  temp_.write("kernels/no-image/meta", "format=1\nversion=9.8\n");
  temp_.write("kernels/stray-file", "x");
  const auto all = cache_.list();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].id, good.id);
}

TEST_F(KernelCacheTest, a_damaged_entry_is_replaced_when_it_is_added_again) {
  const KernelEntry entry = add("6.18.15", Scx::kPlain);
  fs::remove(entry.dir / "meta");
  EXPECT_TRUE(cache_.list().empty());
  add("6.18.15", Scx::kPlain);
  EXPECT_EQ(cache_.list().size(), 1U);
}

TEST_F(KernelCacheTest, a_version_cannot_lead_out_of_the_cache) {
  const KernelEntry entry = add("../../evil", Scx::kPlain);
  EXPECT_EQ(entry.dir.parent_path(), cache_.dir());
}

TEST_F(KernelCacheTest, a_kernel_is_removed_by_its_version_or_a_prefix_that_only_it_has) {
  add("6.18.15", Scx::kPlain);
  const KernelEntry longer = add("6.18.15-rc1", Scx::kPlain);
  add("7.0.13", Scx::kPlain);
  const auto several = cache_.remove("6.18");
  ASSERT_FALSE(several);
  EXPECT_EQ(several.error().code, StatusCode::kInvalidArgument);
  EXPECT_NE(several.error().message.find("6.18.15"), std::string::npos);
  EXPECT_EQ(cache_.list().size(), 3U) << "nothing is removed by guessing";
  ASSERT_TRUE(cache_.remove("6.18.15"));
  ASSERT_TRUE(cache_.remove("7"));
  ASSERT_EQ(cache_.list().size(), 1U);
  EXPECT_EQ(cache_.list()[0].id, longer.id);
  EXPECT_EQ(cache_.remove("7").error().code, StatusCode::kNotFound);
  EXPECT_EQ(cache_.remove("").error().code, StatusCode::kNotFound);
  EXPECT_EQ(std::distance(fs::directory_iterator(cache_.dir()), fs::directory_iterator()), 1)
      << "nothing is left of what was removed";
}

TEST_F(KernelCacheTest, a_vmlinux_is_a_kernel_too_and_comes_behind_its_bzimage) {
  KernelSource source;
  source.image = temp_.write("in/vmlinux", test::vmlinux_file("6.18.15", Scx::kPlain));
  temp_.write("in/modules/kernel/kvm-amd.ko",
              test::elf_file({{".modinfo", std::string("depends=\0", 9)}}));
  source.modules_root = temp_.path() / "in/modules";
  const auto vmlinux = cache_.add(source);
  ASSERT_TRUE(vmlinux) << vmlinux.error().message;
  EXPECT_EQ(vmlinux->facts.format, ImageFormat::kVmlinux);
  EXPECT_EQ(vmlinux->facts.version, "6.18.15");
  EXPECT_EQ(vmlinux->facts.build, "#1 SMP");
  EXPECT_TRUE(vmlinux->facts.whole());
  EXPECT_FALSE(vmlinux->can_host_lab()) << "QEMU is given bzImages";
  EXPECT_EQ(cache_.find("6.18")->id, vmlinux->id);
  const KernelEntry bzimage = add("6.18.15", Scx::kPlain);
  EXPECT_EQ(cache_.find("6.18")->id, bzimage.id);
  EXPECT_EQ(cache_.find(vmlinux->id)->id, vmlinux->id) << "an id means this one";
  const auto several = cache_.remove("6.18.15");
  ASSERT_FALSE(several);
  EXPECT_NE(several.error().message.find(vmlinux->id), std::string::npos);
  ASSERT_TRUE(cache_.remove(vmlinux->id));
  EXPECT_EQ(cache_.list().at(0).id, bzimage.id);
}

TEST_F(KernelCacheTest, an_elf_file_that_is_no_kernel_is_told_so) {
  KernelSource source;
  source.image =
      temp_.write("in/program", test::elf_file({{".text", "Linux version 6 of a text"}}));
  const auto entry = cache_.add(source);
  ASSERT_FALSE(entry);
  EXPECT_EQ(entry.error().code, StatusCode::kBadData);
  EXPECT_NE(entry.error().help.find("vmlinux"), std::string::npos);
}

} // namespace
} // namespace schedrig::kernel
