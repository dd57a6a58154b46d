// SPDX-License-Identifier: MIT
// BpfMaps: finds BPF maps of this machine's kernel by name and pins them in its BPF file system, by
// bpf(2) alone. Errors: bpf_maps.hpp of the SDK. Thread: one.
#pragma once

#include <string>
#include <vector>

#include <schedrig/result.hpp>

namespace schedrig::agent {

class BpfMaps {
 public:
  BpfMaps() = default;
  BpfMaps(const BpfMaps&) = delete;
  BpfMaps& operator=(const BpfMaps&) = delete;

  [[nodiscard]] Result<> pin(const std::string& name, const std::string& path);
  [[nodiscard]] Result<> unpin_all();

 private:
  struct Pin {
    std::string name;
    std::string path;
  };
  std::vector<Pin> pins_;
};

} // namespace schedrig::agent
