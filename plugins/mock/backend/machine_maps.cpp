// SPDX-License-Identifier: MIT
// The BPF maps facet of the mock machine. Its BPF file system holds nothing but what is pinned.
#include <string>

#include <schedrig/export.hpp>

#include "plugins/mock/backend/machine.hpp"
#include "plugins/mock/backend/machine_kernel.hpp"

namespace schedrig::mock {
namespace {

bool in_bpf_file_system(std::string_view path) {
  return path.size() > kBpfFileSystem.size() + 1 && path.starts_with(kBpfFileSystem) &&
         path[kBpfFileSystem.size()] == '/' &&
         path.find('/', kBpfFileSystem.size() + 1) == std::string_view::npos;
}

} // namespace

Result<> MachineKernel::keep_pinned_maps() {
  return pinned_.empty() ? Result<>() : update();
}

Status MachineKernel::pin(std::string_view name, std::string_view path) noexcept {
  return guard("pin a BPF map", [&]() -> Result<> {
    TRY(from_status(machine_.check_up("pin a BPF map")));
    if (name.empty() || name.size() > kMaxBpfMapName) {
      return fail(StatusCode::kInvalidArgument,
                  "a name of " + std::to_string(name.size()) + " bytes",
                  "a BPF map's name has up to " + std::to_string(kMaxBpfMapName) + " bytes");
    }
    if (!in_bpf_file_system(path)) {
      return fail(StatusCode::kInvalidArgument, std::string(path) + " is not in a BPF file system",
                  "the machine has one at " + std::string(kBpfFileSystem));
    }
    if (const auto taken = pinned_.find(path); taken != pinned_.end()) {
      return taken->second == name
                 ? Result<>()
                 : fail(StatusCode::kAlreadyExists, std::string(path) + " is taken",
                        "remove it, or choose another name");
    }
    TRY(update());
    if (!kernel_.maps().pin(name)) {
      std::string names;
      for (const std::string& each : kernel_.maps().names()) {
        names += (names.empty() ? "there are " : ", ") + each;
      }
      return fail(StatusCode::kNotFound, "there is no BPF map " + std::string(name),
                  names.empty() ? "there is none with a name: attach a scheduler first" : names);
    }
    pinned_.emplace(path, name);
    return {};
  });
}

Status MachineKernel::unpin_all() noexcept {
  return guard("unpin BPF maps", [&]() -> Result<> {
    pinned_.clear();
    return kernel_.unpin_maps();
  });
}

} // namespace schedrig::mock
