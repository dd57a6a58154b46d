// SPDX-License-Identifier: MIT
// The BPF maps facet: holds maps of the machine's kernel beyond the life of who made them.
#pragma once

#include <cstdint>
#include <string_view>

#include <schedrig/status.hpp>

namespace schedrig {

// What the kernel keeps of a map's name: BPF_OBJ_NAME_LEN (include/uapi/linux/bpf.h) without the
// zero byte.
inline constexpr std::uint32_t kMaxBpfMapName = 15;
// Where a machine has its BPF file system.
inline constexpr std::string_view kBpfFileSystem = "/sys/fs/bpf";

class BpfMapsFacet {
 public:
  static constexpr std::string_view kInterfaceId = "schedrig.bpfmaps/1";

  // [host-thread] Pins the map of that name at `path`, so that it lives on without its maker; of
  // several the one with the lowest id, which is the oldest. The same name at the same path again
  // changes nothing. kNotFound lists the maps that are there; kAlreadyExists: the path is taken;
  // kInvalidArgument: the path is not below a BPF file system, or one of the two is too long; kOs:
  // the kernel does not permit it.
  virtual Status pin(std::string_view name, std::string_view path) noexcept = 0;
  // [host-thread] Lets go of all that pin() holds. Nothing held is no error.
  virtual Status unpin_all() noexcept = 0;

 protected:
  ~BpfMapsFacet() = default;
};

} // namespace schedrig
