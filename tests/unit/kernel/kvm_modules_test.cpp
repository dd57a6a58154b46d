// SPDX-License-Identifier: MIT
// The kvm modules of a package, in load order, whatever their compression and dependencies.
#include <gtest/gtest.h>

#include "host/kernel/kvm_modules.hpp"
#include "tests/unit/apt/temp_dir.hpp"
#include "tests/unit/kernel/images.hpp"

namespace schedrig::kernel {
namespace {

std::string module_file(const std::string& depends) {
  return test::elf_file({{".modinfo", std::string("license=GPL\0", 12) + "depends=" + depends +
                                          std::string("\0name=x\0", 8)}});
}

TEST(KvmModules, dependencies_come_first_and_dashes_are_underscores) {
  const test::TempDir temp;
  temp.write("kernel/arch/x86/kvm/kvm-amd.ko", module_file("kvm,ccp_crypto"));
  temp.write("kernel/arch/x86/kvm/kvm.ko", module_file("irqbypass"));
  temp.write("kernel/virt/lib/irqbypass.ko", module_file(""));
  temp.write("kernel/drivers/crypto/ccp-crypto.ko", module_file("kvm"));
  const auto modules = collect_kvm_modules(temp.path());
  ASSERT_TRUE(modules) << modules.error().message;
  std::vector<std::string> names;
  for (const Module& module : *modules) {
    names.push_back(module.name);
  }
  EXPECT_EQ(names, (std::vector<std::string>{"irqbypass", "kvm", "ccp_crypto", "kvm-amd"}));
}

TEST(KvmModules, a_dependency_that_is_not_there_is_named) {
  const test::TempDir temp;
  temp.write("kernel/kvm-amd.ko", module_file("kvm"));
  const auto modules = collect_kvm_modules(temp.path());
  ASSERT_FALSE(modules);
  EXPECT_EQ(modules.error().code, StatusCode::kNotFound);
  EXPECT_NE(modules.error().message.find("kvm"), std::string::npos);
}

TEST(KvmModules, modules_that_need_each_other_end) {
  const test::TempDir temp;
  temp.write("kernel/kvm-amd.ko", module_file("kvm"));
  temp.write("kernel/kvm.ko", module_file("kvm-amd"));
  const auto modules = collect_kvm_modules(temp.path());
  ASSERT_TRUE(modules);
  EXPECT_EQ(modules->size(), 2U);
}

TEST(KvmModules, a_file_that_is_no_module_is_an_error) {
  const test::TempDir temp;
  temp.write("kernel/kvm-amd.ko", "\x7f"
                                  "ELF and no more");
  EXPECT_FALSE(collect_kvm_modules(temp.path()));
}

} // namespace
} // namespace schedrig::kernel
