// SPDX-License-Identifier: MIT
// Finds the modules that give a kernel /dev/kvm on an AMD CPU, with what they depend on.
//
// Debian's packages carry no modules.dep (depmod makes it at installation), so the order comes
// from each module's own `depends=` in .modinfo (linux include/linux/module.h).
// Loads nothing. Thread: any.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "host/kernel/bytes.hpp"

namespace schedrig::kernel {

struct Module {
  std::string name; // "kvm-amd"
  Bytes image;      // unpacked .ko
};

// Names after `depends=` in a module, '-' and '_' as they are. Errors: kBadData.
Result<std::vector<std::string>> module_dependencies(ByteView module);

// kvm-amd and all it needs, dependencies first. root: a directory with `kernel/` in it.
// Errors: kNotFound (a module is not there), kBadData, kOs.
Result<std::vector<Module>> collect_kvm_modules(const std::filesystem::path& root);

} // namespace schedrig::kernel
