// SPDX-License-Identifier: MIT
// Implementation of the emulated host's setup.
#include "host/lab/init/machine.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host/lab/frame.hpp"

namespace schedrig::lab {
namespace {

struct Mount {
  const char* type;
  const char* where;
};

// In this order: later ones lie inside earlier ones. /tmp is not mounted over: staged files keep
// their paths, and some of those are below /tmp.
constexpr std::array<Mount, 9> kMounts = {{{"devtmpfs", "/dev"},
                                           {"proc", "/proc"},
                                           {"sysfs", "/sys"},
                                           {"devpts", "/dev/pts"},
                                           {"tmpfs", "/dev/shm"},
                                           {"cgroup2", "/sys/fs/cgroup"},
                                           {"bpf", "/sys/fs/bpf"},
                                           {"debugfs", "/sys/kernel/debug"},
                                           {"tracefs", "/sys/kernel/tracing"}}};

std::vector<std::string> sorted_names(const char* dir) {
  std::vector<std::string> names;
  if (DIR* stream = ::opendir(dir); stream != nullptr) {
    while (const dirent* entry = ::readdir(stream)) {
      if (entry->d_name[0] != '.') {
        names.emplace_back(entry->d_name);
      }
    }
    ::closedir(stream);
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string first_line(const std::string& path) {
  std::array<char, 128> buffer{};
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const ssize_t n = fd < 0 ? -1 : ::read(fd, buffer.data(), buffer.size());
  if (fd >= 0) {
    ::close(fd);
  }
  const std::string text(buffer.data(), n < 0 ? 0 : static_cast<std::size_t>(n));
  return text.substr(0, text.find('\n'));
}

} // namespace

void log_line(const std::string& text) {
  const std::string line = "lab-init: " + text + "\n";
  [[maybe_unused]] const ssize_t n = ::write(2, line.data(), line.size());
}

void mount_all() {
  for (const Mount& mount : kMounts) {
    ::mkdir(mount.where, 0755);
    if (::mount(mount.type, mount.where, mount.type, 0, nullptr) != 0) {
      log_line(std::string("cannot mount ") + mount.type + ": " + std::strerror(errno));
    }
  }
  ::umask(0);
  ::mkdir("/tmp", 01777);
  ::mkdir("/run", 0755);
  ::mkdir("/root", 0700);
  ::umask(022);
  // The kernel opens the console for PID 1 only if /dev/console exists in the initramfs.
  if (const int console = ::open("/dev/console", O_RDWR | O_CLOEXEC); console >= 0) {
    for (const int fd : {0, 1, 2}) {
      ::dup2(console, fd);
    }
  }
}

void load_modules() {
  for (const std::string& name : sorted_names(kModulesDir)) {
    const int fd = ::open((std::string(kModulesDir) + "/" + name).c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0 || ::syscall(SYS_finit_module, fd, "", 0) != 0) {
      log_line("cannot load " + name + ": " + std::strerror(errno));
    }
    if (fd >= 0) {
      ::close(fd);
    }
  }
}

void allow_huge_pages() {
  constexpr const char* kFile = "/sys/kernel/mm/transparent_hugepage/shmem_enabled";
  const int fd = ::open(kFile, O_WRONLY | O_CLOEXEC);
  if (fd < 0 || ::write(fd, "advise", 6) != 6) {
    log_line(std::string("no huge pages: ") + kFile + ": " + std::strerror(errno));
  }
  if (fd >= 0) {
    ::close(fd);
  }
}

std::uint32_t probe_kvm() {
  const int fd = ::open("/dev/kvm", O_RDWR | O_CLOEXEC);
  if (fd < 0) {
    return static_cast<std::uint32_t>(errno);
  }
  ::close(fd);
  return 0;
}

int open_port() {
  constexpr int kTries = 1000;
  constexpr timespec kPause{0, 10'000'000};
  const std::string ports = "/sys/class/virtio-ports/";
  for (int i = 0; i < kTries; ++i) {
    for (const std::string& name : sorted_names(ports.c_str())) {
      if (first_line(std::string(ports).append(name).append("/name")) == kPortName) {
        if (const int fd = ::open(("/dev/" + name).c_str(), O_RDWR | O_CLOEXEC); fd >= 0) {
          return fd;
        }
      }
    }
    ::nanosleep(&kPause, nullptr);
  }
  return -1;
}

void power_off() {
  ::sync();
  ::reboot(RB_POWER_OFF);
  while (true) { // PID 1 must not end: the kernel would panic
    ::pause();
  }
}

} // namespace schedrig::lab
