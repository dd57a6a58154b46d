// SPDX-License-Identifier: MIT
#include "boot_files.hpp"

#include <iostream>
#include <string>

#include "host/kernel/kernel_cache.hpp"
#include "vmm/boot/kernel_image.hpp"

namespace schedrig::kvm::test {
namespace {

Result<BootFiles> open_files(std::string kernel, const std::string& init) {
  if (kernel.empty()) {
    const auto cache = TRY(kernel::KernelCache::open());
    kernel = TRY(cache.find({})).image.string();
  }
  BootFiles files;
  files.kernel = TRY(MappedFile::open(kernel, kMaxImageBytes));
  files.init = TRY(MappedFile::open(init, kMaxImageBytes));
  return files;
}

} // namespace

BootFiles& boot_files() {
  static BootFiles files;
  return files;
}

bool open_boot_files(int argc, char** argv) {
  std::string kernel;
  std::string init;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument.starts_with("--kernel=")) {
      kernel = argument.substr(9);
    } else if (argument.starts_with("--init=")) {
      init = argument.substr(7);
    }
  }
  auto files = open_files(kernel, init);
  if (!files) {
    std::cerr << files.error().message << "\n";
    return false;
  }
  boot_files() = *std::move(files);
  return true;
}

} // namespace schedrig::kvm::test
