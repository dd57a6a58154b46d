// SPDX-License-Identifier: MIT
// `schedrig kernel` on small images, in a cache of its own.
#include <cstdlib>
#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "schedrig_command.hpp"
#include "tests/unit/apt/temp_dir.hpp"
#include "tests/unit/kernel/images.hpp"

namespace schedrig {
namespace {

using test::Scx;
using ::testing::HasSubstr;
using ::testing::Not;

class KernelVerb : public ::testing::Test {
 protected:
  // Given by env(1): a test's own environment is that of its neighbours, too.
  CommandResult kernel(std::vector<std::string> arguments) {
    std::vector<std::string> command = {"/usr/bin/env", "XDG_CACHE_HOME=" + temp_.path().string(),
                                        kSchedrig, "kernel"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return test::run_command(std::move(command));
  }
  std::string add(const std::string& name, const std::string& image) {
    const CommandResult added = kernel({"add", temp_.write(name, image).string()});
    EXPECT_EQ(added.exit_code, 0) << added.err;
    return added.out;
  }

  test::TempDir temp_;
};

TEST_F(KernelVerb, info_says_where_symbols_are_and_whether_sched_ext_is_whole) {
  const auto image = [](const std::string& rodata, Scx kind) {
    return test::bzimage("6.18.1 (builder@test) #1 SMP",
                         test::elf_file({{".rodata", rodata}, {".BTF", test::btf_of(kind)}}));
  };
  const std::string whole =
      temp_.write("whole", image(test::kallsyms_tokens(8), Scx::kPlain)).string();
  EXPECT_THAT(kernel({"info", whole}).out, HasSubstr("symbols     in the image: the kernel's own"));
  EXPECT_THAT(kernel({"info", whole}).out, HasSubstr("sched_ext   sched_ext whole\n"));
  const std::string broken = temp_.write("broken", image("", Scx::kBroken)).string();
  EXPECT_THAT(kernel({"info", broken}).out, HasSubstr("only the guest's /proc/kallsyms"));
  EXPECT_THAT(kernel({"info", broken}).out, HasSubstr("its BTF lacks scx_bpf_create_dsq_impl"));
}

TEST_F(KernelVerb, a_scheduler_is_refused_with_the_cause_on_a_kernel_that_takes_none) {
  const auto check = [&](const std::string& kernel_image, const std::string& scheduler) {
    const std::string config =
        temp_
            .write("run.toml",
                   "schema = 1\n[run]\nname = \"run\"\nbackend = \"kvm\"\nscheduler = \"" +
                       scheduler + "\"\n[machine]\ntopology = \"1n1l1c1t\"\nkernel = \"" +
                       kernel_image + "\"\n[[step]]\nname = \"one\"\nhold = \"1s\"\n")
            .string();
    return test::run_command({kSchedrig, "check", config});
  };
  const std::string without =
      temp_.write("without", test::kernel_image("6.12.90", Scx::kNone)).string();
  const CommandResult refused = check(without, "fifo");
  EXPECT_EQ(refused.exit_code, 2) << refused.out;
  EXPECT_THAT(refused.err,
              HasSubstr("scheduler \"fifo\" cannot be attached to kernel 6.12.90: built "
                        "without sched_ext"));
  const std::string broken =
      temp_.write("broken", test::kernel_image("7.1.13", Scx::kBroken)).string();
  EXPECT_THAT(check(broken, "fifo").err, HasSubstr("its BTF lacks scx_bpf_create_dsq_impl"));
  EXPECT_THAT(check(without, "eevdf").err, testing::Not(HasSubstr("cannot be attached")));
  const std::string whole =
      temp_.write("whole", test::kernel_image("6.18.1", Scx::kPlain)).string();
  EXPECT_THAT(check(whole, "fifo").err, testing::Not(HasSubstr("cannot be attached")));
}

TEST_F(KernelVerb, an_entry_that_does_not_say_where_symbols_are_is_looked_at_again) {
  add("image", test::kernel_image("6.18.1", Scx::kPlain));
  const auto entry = *fs::directory_iterator(temp_.path() / "schedrig/kernels");
  std::ifstream in(entry.path() / "meta");
  std::string meta((std::istreambuf_iterator<char>(in)), {});
  const std::size_t line = meta.find("symbols=");
  ASSERT_NE(line, std::string::npos) << meta;
  meta.erase(line, meta.find('\n', line) + 1 - line);
  std::ofstream(entry.path() / "meta") << meta;
  EXPECT_THAT(kernel({"info", "6.18"}).out, HasSubstr("only the guest's /proc/kallsyms"));
}

TEST_F(KernelVerb, a_bzimage_is_unpacked_into_a_vmlinux_that_can_be_added) {
  const std::string vmlinux = test::vmlinux_file("6.18.1", Scx::kPlain);
  EXPECT_THAT(add("bzimage", test::bzimage("6.18.1 (builder@test) #1 SMP", vmlinux)),
              HasSubstr("format      bzImage\n"));
  const std::string file = (temp_.path() / "vmlinux").string();
  const CommandResult unpacked = kernel({"unpack", file});
  ASSERT_EQ(unpacked.exit_code, 0) << unpacked.err;
  std::ifstream in(file, std::ios::binary);
  EXPECT_EQ(std::string((std::istreambuf_iterator<char>(in)), {}), vmlinux);
  const CommandResult added = kernel({"add", file});
  EXPECT_THAT(added.out, HasSubstr("format      vmlinux")) << added.err;
  const std::string id = added.out.substr(12, added.out.find('\n') - 12);
  EXPECT_THAT(kernel({"list"}).out, HasSubstr("guest, vmlinux"));
  EXPECT_THAT(kernel({"info", "6.18.1"}).out, Not(HasSubstr(id))) << "the bzImage comes first";
  EXPECT_THAT(kernel({"info", id}).out, HasSubstr("format      vmlinux"));
  EXPECT_EQ(kernel({"remove", id}).exit_code, 0);
  EXPECT_THAT(kernel({"list"}).out, Not(HasSubstr("vmlinux")));
}

TEST_F(KernelVerb, a_file_that_cannot_be_written_is_an_error_that_names_it) {
  add("image", test::kernel_image("6.18.1", Scx::kPlain));
  const CommandResult result = kernel({"unpack", "/nonexistent/vmlinux"});
  EXPECT_NE(result.exit_code, 0);
  EXPECT_THAT(result.err, HasSubstr("/nonexistent/vmlinux"));
}

} // namespace
} // namespace schedrig
