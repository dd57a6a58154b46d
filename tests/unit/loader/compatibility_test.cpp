// SPDX-License-Identifier: MIT
// Which notes fit, and what a refusal says.
#include <gtest/gtest.h>

#include "host/loader/compatibility.hpp"

namespace schedrig::loader {
namespace {

AbiNote plain_note() {
  return {.size = sizeof(AbiNote),
          .kind = 1,
          .abi_major = 1,
          .abi_minor = 4,
          .abi_hash_low = 0x89abcdefU,
          .abi_hash_high = 0x01234567U,
          .compiler = 1,
          .compiler_major = 12,
          .compiler_minor = 2,
          .cxx11_abi = 1,
          .libstdcxx_debug = 0,
          .sanitizers = 0};
}

std::string differences(const AbiNote& plugin, const AbiNote& host) {
  std::string text;
  for (const FieldDifference& difference : compare_abi(plugin, host)) {
    text += difference.field + ":" + difference.plugin + "/" + difference.host + "[" +
            difference.flag + "] ";
  }
  return text;
}

TEST(Compatibility, this_build_fits_itself) {
  EXPECT_EQ(differences(make_abi_note(2), host_abi_note()), "");
}

TEST(Compatibility, an_older_minor_and_another_compiler_fit) {
  AbiNote plugin = plain_note();
  plugin.abi_minor = 3;
  plugin.compiler = 2;
  plugin.compiler_major = 19;
  EXPECT_EQ(differences(plugin, plain_note()), "");
}

TEST(Compatibility, another_major_is_a_difference) {
  AbiNote plugin = plain_note();
  plugin.abi_major = 2;
  EXPECT_EQ(differences(plugin, plain_note()), "abi_major:2/1[] ");
}

TEST(Compatibility, a_newer_minor_is_a_difference) {
  AbiNote plugin = plain_note();
  plugin.abi_minor = 5;
  EXPECT_EQ(differences(plugin, plain_note()), "abi_minor:5/4[] ");
}

TEST(Compatibility, each_half_of_the_hash_is_compared) {
  AbiNote plugin = plain_note();
  plugin.abi_hash_low = 1;
  EXPECT_EQ(differences(plugin, plain_note()), "abi_hash:0123456700000001/0123456789abcdef[] ");
  plugin = plain_note();
  plugin.abi_hash_high = 0;
  EXPECT_EQ(differences(plugin, plain_note()), "abi_hash:0000000089abcdef/0123456789abcdef[] ");
}

TEST(Compatibility, layouts_of_the_library_are_compared_and_the_flag_is_named) {
  AbiNote plugin = plain_note();
  plugin.cxx11_abi = 0;
  plugin.libstdcxx_debug = 1;
  EXPECT_EQ(differences(plugin, plain_note()),
            "cxx11_abi:0/1[-D_GLIBCXX_USE_CXX11_ABI=1] libstdcxx_debug:1/0[-U_GLIBCXX_DEBUG] ");
}

TEST(Compatibility, sanitizers_are_compared_in_both_directions) {
  AbiNote sanitized = plain_note();
  sanitized.sanitizers = kSanitizeAddress;
  EXPECT_EQ(differences(sanitized, plain_note()), "sanitizers:address/none[-fno-sanitize=all] ");
  EXPECT_EQ(differences(plain_note(), sanitized), "sanitizers:none/address[-fsanitize=address] ");
}

TEST(Compatibility, a_refusal_lists_every_field_and_the_command_that_helps) {
  AbiNote plugin = plain_note();
  plugin.abi_major = 2;
  plugin.libstdcxx_debug = 1;
  const Error error = abi_refusal("/x/p.so", compare_abi(plugin, plain_note()),
                                  {.sdk_prefix = "/opt/it's", .own_build_tree = false});
  EXPECT_EQ(error.code, StatusCode::kUnsupported);
  EXPECT_EQ(error.message, "/x/p.so: built against another plugin ABI: abi_major is 2, here 1; "
                           "libstdcxx_debug is 1, here 0");
  EXPECT_EQ(error.help,
            "rebuild it: cmake -S SOURCE -B BUILD --fresh -DCMAKE_PREFIX_PATH='/opt/it'\\''s' "
            "-DCMAKE_CXX_FLAGS='-U_GLIBCXX_DEBUG' && cmake --build BUILD");
}

TEST(Compatibility, a_stale_plugin_of_the_build_tree_is_rebuilt_by_its_build) {
  AbiNote plugin = plain_note();
  plugin.abi_hash_low = 0;
  const Error error = abi_refusal("/b/lib/schedrig/plugins/p.so", compare_abi(plugin, plain_note()),
                                  {.sdk_prefix = "/b", .own_build_tree = true});
  EXPECT_EQ(error.help, "rebuild it: cmake --build '/b'");
}

TEST(Compatibility, kinds_and_compilers_have_names) {
  EXPECT_EQ(plugin_kind_name(1), "backend");
  EXPECT_EQ(plugin_kind_name(2), "scheduler");
  EXPECT_EQ(plugin_kind_name(80), "unknown kind 80");
  EXPECT_TRUE(is_known_kind(2));
  EXPECT_FALSE(is_known_kind(0));
  EXPECT_EQ(compiler_name(plain_note()), "gcc 12.2");
}

} // namespace
} // namespace schedrig::loader
