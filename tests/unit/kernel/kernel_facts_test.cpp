// SPDX-License-Identifier: MIT
// Facts about kernels: config files, meta files, and the line people read.
#include <gtest/gtest.h>

#include "host/kernel/kernel_facts.hpp"
#include "host/kernel/kernel_meta.hpp"
#include "tests/unit/kernel/images.hpp"

namespace schedrig::kernel {
namespace {

TEST(KernelConfig, facts_are_read_and_what_is_not_set_is_not) {
  const ConfigFacts facts = parse_config("# CONFIG_PREEMPT is not set\nCONFIG_PREEMPT_LAZY=y\n"
                                         "CONFIG_PREEMPT_DYNAMIC=y\nCONFIG_HZ=250\n"
                                         "CONFIG_SCHED_CLASS_EXT=y\nCONFIG_KVM_AMD=m\n");
  EXPECT_TRUE(facts.sched_ext);
  EXPECT_TRUE(facts.kvm_amd_module);
  EXPECT_FALSE(facts.btf);
  EXPECT_EQ(facts.hz, "250");
  EXPECT_EQ(facts.preemption, "lazy (dynamic)");
}

TEST(KernelFacts, the_line_says_what_is_wrong_and_what_follows) {
  const auto line_of = [](test::Scx kind) {
    const std::string image = test::kernel_image("7.1.13", kind);
    const auto facts = inspect_kernel(test::view(image), {});
    EXPECT_TRUE(facts);
    return facts ? sched_ext_line(*facts) : "";
  };
  EXPECT_EQ(line_of(test::Scx::kPlain), "sched_ext whole");
  EXPECT_EQ(line_of(test::Scx::kNone), "built without sched_ext");
  EXPECT_NE(line_of(test::Scx::kBroken).find("scx_bpf_create_dsq_impl"), std::string::npos);
}

TEST(KernelFacts, an_image_without_btf_is_not_whole) {
  const std::string image = test::bzimage("6.18", test::elf_file({{".text", "x"}}));
  const auto facts = inspect_kernel(test::view(image), {});
  ASSERT_TRUE(facts);
  EXPECT_FALSE(facts->has_btf);
  EXPECT_FALSE(facts->whole());
}

TEST(KernelMeta, what_is_written_is_read_back) {
  KernelMeta meta;
  meta.origin = "suite 1.2\nwith a line break";
  meta.facts.version = "7.1.13";
  meta.facts.build = "#1 SMP a=b";
  meta.facts.has_btf = true;
  meta.facts.btf = {SchedExtBtf::kBroken, "scx_bpf_create_dsq_impl", 117947};
  meta.facts.format = ImageFormat::kVmlinux;
  meta.facts.symbols = SymbolSource::kKallsyms;
  meta.facts.config = ConfigFacts{true, true, true, "1000", "full"};
  const auto read = parse_meta(write_meta(meta));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->origin, "suite 1.2 with a line break");
  EXPECT_EQ(read->facts.version, "7.1.13");
  EXPECT_EQ(read->facts.build, "#1 SMP a=b");
  EXPECT_EQ(read->facts.format, ImageFormat::kVmlinux);
  EXPECT_EQ(read->facts.symbols, SymbolSource::kKallsyms);
  EXPECT_TRUE(read->facts.has_btf);
  EXPECT_EQ(read->facts.btf.sched_ext, SchedExtBtf::kBroken);
  EXPECT_EQ(read->facts.btf.missing, "scx_bpf_create_dsq_impl");
  EXPECT_EQ(read->facts.btf.types, 117947U);
  ASSERT_TRUE(read->facts.config);
  EXPECT_EQ(read->facts.config->hz, "1000");
}

TEST(KernelMeta, what_an_older_schedrig_did_not_look_at_stays_open) {
  const auto read = parse_meta("format=1\nversion=7.0\n");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->facts.symbols, std::nullopt);
  EXPECT_EQ(read->facts.format, ImageFormat::kBzImage);
}

TEST(KernelMeta, a_meta_file_of_another_format_or_none_is_not_used) {
  EXPECT_FALSE(parse_meta(""));
  EXPECT_FALSE(parse_meta("format=2\nversion=7.0\n"));
  EXPECT_FALSE(parse_meta("format=1\n"));
  EXPECT_FALSE(parse_meta("format=1\nversion=7.0\nbtf_types=99999999999999999999\n"));
}

} // namespace
} // namespace schedrig::kernel
