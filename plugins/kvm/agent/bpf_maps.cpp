// SPDX-License-Identifier: MIT
#include "agent/bpf_maps.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include <linux/bpf.h>
#include <linux/magic.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "vmm/unique_fd.hpp"

namespace schedrig::agent {
namespace {

using kvm::UniqueFd;

// More names than these are no help.
constexpr std::size_t kNamesInError = 20;

int call(int command, bpf_attr& attributes) {
  return static_cast<int>(::syscall(SYS_bpf, command, &attributes, sizeof attributes));
}

// 0: there is none after that id.
Result<std::uint32_t> next_id(std::uint32_t after) {
  bpf_attr attributes{};
  attributes.start_id = after;
  if (call(BPF_MAP_GET_NEXT_ID, attributes) == 0) {
    return attributes.next_id;
  }
  return errno == ENOENT ? Result<std::uint32_t>(0) : fail_errno(errno, "look for BPF maps");
}

// Empty: it is gone by now.
Result<UniqueFd> open_map(std::uint32_t id) {
  bpf_attr attributes{};
  attributes.map_id = id;
  UniqueFd map(call(BPF_MAP_GET_FD_BY_ID, attributes));
  if (!map && errno != ENOENT) {
    return fail_errno(errno, "open BPF map " + std::to_string(id));
  }
  return map;
}

Result<std::string> name_of(const UniqueFd& map) {
  bpf_map_info info{};
  bpf_attr attributes{};
  attributes.info.bpf_fd = static_cast<std::uint32_t>(map.get());
  attributes.info.info_len = sizeof info;
  attributes.info.info = reinterpret_cast<std::uintptr_t>(&info);
  if (call(BPF_OBJ_GET_INFO_BY_FD, attributes) != 0) {
    return fail_errno(errno, "ask for a BPF map's name");
  }
  return std::string(info.name, ::strnlen(info.name, sizeof info.name));
}

// Ids grow: the first is the oldest.
Result<UniqueFd> find(const std::string& name) {
  std::vector<std::string> names;
  for (std::uint32_t id = TRY(next_id(0)); id != 0; id = TRY(next_id(id))) {
    UniqueFd map = TRY(open_map(id));
    if (!map) {
      continue;
    }
    std::string found = TRY(name_of(map));
    if (found == name) {
      return map;
    }
    if (!found.empty() && std::ranges::find(names, found) == names.end()) {
      names.push_back(std::move(found));
    }
  }
  // In the message: an answer of the agent has no help.
  std::string there = names.empty() ? "there is none with a name: attach a scheduler first" : "";
  for (std::size_t i = 0; i < std::min(names.size(), kNamesInError); ++i) {
    there += (i == 0 ? "there are " : ", ") + names[i];
  }
  return fail(StatusCode::kNotFound, "there is no BPF map " + name + "; " + there);
}

// In BPF's own file system, where alone a map can be pinned.
Result<> check_directory(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string directory = path.substr(0, slash == std::string::npos ? 0 : slash);
  struct statfs status{};
  if (directory.empty() || ::statfs(directory.c_str(), &status) != 0 ||
      status.f_type != BPF_FS_MAGIC) {
    return fail(StatusCode::kInvalidArgument, path + " is not in a BPF file system",
                "the machine has one at /sys/fs/bpf, if its kernel has BPF");
  }
  return {};
}

} // namespace

Result<> BpfMaps::pin(const std::string& name, const std::string& path) {
  if (const auto held = std::ranges::find(pins_, path, &Pin::path);
      held != pins_.end() && held->name == name) {
    return {};
  }
  TRY(check_directory(path));
  const UniqueFd map = TRY(find(name));
  bpf_attr attributes{};
  attributes.pathname = reinterpret_cast<std::uintptr_t>(path.c_str());
  attributes.bpf_fd = static_cast<std::uint32_t>(map.get());
  if (call(BPF_OBJ_PIN, attributes) != 0) {
    return errno == EEXIST ? fail(StatusCode::kAlreadyExists, path + " is taken",
                                  "remove it, or choose another name")
                           : fail_errno(errno, "pin BPF map " + name + " at " + path);
  }
  pins_.push_back({name, path});
  return {};
}

Result<> BpfMaps::unpin_all() {
  while (!pins_.empty()) {
    const std::string path = std::move(pins_.back().path);
    pins_.pop_back();
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
      return fail_errno(errno, "remove " + path);
    }
  }
  return {};
}

} // namespace schedrig::agent
