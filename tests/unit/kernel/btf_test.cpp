// SPDX-License-Identifier: MIT
// Telling a whole sched_ext BTF from a broken one and from none.
#include <gtest/gtest.h>

#include "host/kernel/btf.hpp"
#include "tests/unit/kernel/images.hpp"

namespace schedrig::kernel {
namespace {

using test::btf_of;
using test::Scx;

BtfFacts facts_of(Scx kind) {
  const std::string blob = btf_of(kind);
  const auto facts = read_btf_facts(test::view(blob));
  EXPECT_TRUE(facts) << facts.error().message;
  return facts ? *facts : BtfFacts{};
}

TEST(Btf, a_kernel_without_sched_ext_has_none) {
  EXPECT_EQ(facts_of(Scx::kNone).sched_ext, SchedExtBtf::kAbsent);
}

TEST(Btf, functions_without_implicit_arguments_are_whole) {
  EXPECT_EQ(facts_of(Scx::kPlain).sched_ext, SchedExtBtf::kWhole);
}

TEST(Btf, functions_split_in_two_are_whole) {
  EXPECT_EQ(facts_of(Scx::kSplit).sched_ext, SchedExtBtf::kWhole);
}

TEST(Btf, an_implicit_argument_without_its_impl_is_broken_and_names_create_dsq) {
  const BtfFacts facts = facts_of(Scx::kBroken);
  EXPECT_EQ(facts.sched_ext, SchedExtBtf::kBroken);
  EXPECT_EQ(facts.missing, "scx_bpf_create_dsq_impl");
}

TEST(Btf, a_blob_cut_anywhere_is_an_error_not_a_crash) {
  const std::string blob = btf_of(Scx::kBroken);
  for (std::size_t size = 0; size < blob.size(); ++size) {
    const std::string cut = blob.substr(0, size);
    EXPECT_FALSE(read_btf_facts(test::view(cut))) << size;
  }
}

TEST(Btf, a_blob_with_any_byte_changed_never_crashes) {
  const std::string blob = btf_of(Scx::kSplit);
  for (std::size_t at = 0; at < blob.size(); ++at) {
    for (const unsigned flip : {0x01U, 0x80U, 0xffU}) {
      std::string changed = blob;
      changed[at] = static_cast<char>(static_cast<unsigned char>(changed[at]) ^ flip);
      (void)read_btf_facts(test::view(changed));
    }
  }
}

} // namespace
} // namespace schedrig::kernel
