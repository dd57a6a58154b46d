// SPDX-License-Identifier: MIT
// The program that lab tests run in the emulated host; its first argument says what it does.
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include <fcntl.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>
#include <sys/utsname.h>
#include <unistd.h>

namespace {

void on_interrupt(int /*signal*/) {
  [[maybe_unused]] const auto n = ::write(1, "interrupted\n", 12);
  ::_exit(42);
}

int speak() {
  std::puts("to stdout");
  std::fputs("to stderr\n", stderr);
  utsname name{};
  ::uname(&name);
  std::puts(name.release);
  return 7;
}

int make_vm() {
  const int kvm = ::open("/dev/kvm", O_RDWR | O_CLOEXEC);
  const int vm = kvm < 0 ? -1 : ::ioctl(kvm, KVM_CREATE_VM, 0);
  const int vcpu = vm < 0 ? -1 : ::ioctl(vm, KVM_CREATE_VCPU, 0);
  std::printf("vcpu %s\n", vcpu >= 0 ? "made" : std::strerror(errno));
  return vcpu >= 0 ? 0 : 1;
}

int write_file(const char* path, long size) {
  std::FILE* file = std::fopen(path, "wb");
  for (long i = 0; file != nullptr && i < size; ++i) {
    std::fputc(static_cast<int>('a' + i % 26), file);
  }
  return file != nullptr && std::fclose(file) == 0 ? 0 : 1;
}

int show_file(const char* path) {
  std::FILE* file = std::fopen(path, "rb");
  if (file == nullptr) {
    return 1;
  }
  for (int c = std::fgetc(file); c != EOF; c = std::fgetc(file)) {
    std::putchar(c);
  }
  return std::fclose(file);
}

[[noreturn]] void wait_for_ever() {
  std::puts("waiting");
  std::fflush(stdout);
  while (true) {
    ::pause();
  }
}

int crash_machine() {
  const int fd = ::open("/proc/sysrq-trigger", O_WRONLY | O_CLOEXEC);
  [[maybe_unused]] const auto n = ::write(fd, "c", 1);
  return 1;
}

} // namespace

int main(int argc, char** argv) {
  const std::string verb = argc > 1 ? argv[1] : "";
  if (verb == "speak") {
    return speak();
  }
  if (verb == "kvm") {
    return make_vm();
  }
  if (verb == "write" && argc > 3) {
    return write_file(argv[2], std::atol(argv[3]));
  }
  if (verb == "show" && argc > 2) {
    return show_file(argv[2]);
  }
  if (verb == "env") {
    const char* value = std::getenv(argc > 2 ? argv[2] : "");
    std::puts(value == nullptr ? "(unset)" : value);
    return 0;
  }
  if (verb == "wait") {
    std::signal(SIGINT, on_interrupt);
    wait_for_ever();
  }
  if (verb == "stubborn") {
    std::signal(SIGINT, SIG_IGN);
    wait_for_ever();
  }
  if (verb == "crash") {
    return crash_machine();
  }
  if (verb == "orphan") {
    // Its child keeps the pipes open; the lab must not wait for it.
    if (::fork() == 0) {
      wait_for_ever();
    }
    return 3;
  }
  return 2;
}
