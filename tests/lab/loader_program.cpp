// SPDX-License-Identifier: MIT
// loader_program HOW [NAME=VALUE]...: a loader of a scheduler that is inside of it, for runs that
// attach by a program instead of an object. NAME=VALUE sets a global of the scheduler. HOW:
//   keep         attaches, and detaches at SIGTERM
//   stop_after   attaches, then stops itself (SIGSTOP)
//   stop_before  stops itself, having attached nothing
//   never        sleeps, having attached nothing, and does not heed SIGTERM
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>

#include <unistd.h>

#include "scx_loader/exit_record.hpp"
#include "scx_loader/globals.hpp"
#include "scx_loader/kernel_state.hpp"
#include "scx_loader/struct_ops.hpp"

asm(".section .rodata\n"
    ".global vtime_object\n"
    "vtime_object:\n"
    ".incbin \"" VTIME_OBJECT "\"\n"
    ".global vtime_object_end\n"
    "vtime_object_end:\n"
    ".previous\n");
extern "C" const char vtime_object[];
extern "C" const char vtime_object_end[];

namespace schedrig::scx {
namespace {

Result<> run(std::string_view how, int settings, char** setting, const sigset_t& end) {
  const ObjectImage image =
      TRY(parse_object(std::string(vtime_object, vtime_object_end), "the object inside"));
  const std::unique_ptr<bpf_object, decltype(&bpf_object__close)> object(
      bpf_object__open_mem(image.bytes.data(), image.bytes.size(), nullptr), bpf_object__close);
  const std::unique_ptr<btf, decltype(&btf__free)> kernel(btf__load_vmlinux_btf(), btf__free);
  if (!object || !kernel) {
    return fail_errno(errno, "open the object or the kernel's BTF");
  }
  StructOps ops = TRY(StructOps::plan(image, *bpf_object__btf(object.get()), *kernel,
                                      [](const std::string& note) { std::cerr << note << "\n"; }));
  for (int i = 0; i < settings; ++i) {
    const std::string pair = setting[i];
    const std::size_t equals = std::min(pair.find('='), pair.size());
    TRY(set_variable(*object, pair.substr(0, equals),
                     pair.substr(std::min(equals + 1, pair.size()))));
  }
  TRY(ops.set_field("hotplug_seq", hotplug_seq()));
  TRY(ops.prepare(*object));
  if (bpf_object__load(object.get()) != 0) {
    return fail_errno(errno, "load the object");
  }
  const ExitRecord record(*object);
  TRY(ops.attach(*object));
  std::cerr << "attached by loader_program " << how << std::endl;
  if (how == "stop_after") {
    std::raise(SIGSTOP);
  }
  const timespec look{.tv_sec = 0, .tv_nsec = 20'000'000};
  while (::sigtimedwait(&end, nullptr, &look) < 0 && !record.read()) {
  }
  ops.detach();
  if (const auto info = record.read()) {
    std::cout << "EXIT: " << info->reason << " (" << info->message << ")" << std::endl;
  }
  return {};
}

} // namespace
} // namespace schedrig::scx

int main(int argc, char** argv) {
  const std::string_view how = argc > 1 ? argv[1] : "";
  sigset_t end;
  ::sigemptyset(&end);
  ::sigaddset(&end, SIGTERM);
  ::sigprocmask(SIG_BLOCK, &end, nullptr);
  if (how == "stop_before") {
    std::raise(SIGSTOP);
  }
  while (how == "never") {
    ::pause();
  }
  ::libbpf_set_print(nullptr);
  schedrig::scx::handle_struct_ops_sections();
  const auto done = schedrig::scx::run(how, argc - 2, argv + 2, end);
  if (!done) {
    std::cerr << "loader_program: " << done.error().message << "; " << done.error().help
              << std::endl;
  }
  return done ? 0 : 1;
}
