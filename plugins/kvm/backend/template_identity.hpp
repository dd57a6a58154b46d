// SPDX-License-Identifier: MIT
// TemplateIdentity: what a template of a machine depends on, as fields to compare.
//
// Files are known by a checksum of their bytes, which is kept as long as they look unchanged
// (device, inode, size, time), so that a machine more of the same kind reads none of them.
// Thread: host thread. Errors: what of the spec or the host cannot be read.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>

#include <schedrig/backend.hpp>
#include <schedrig/result.hpp>

#include "backend/machine_options.hpp"
#include "template/template_files.hpp"

namespace schedrig::kvm {

class TemplateIdentity {
 public:
  [[nodiscard]] Result<TemplateFields> fields(const MachineSpec& spec,
                                              const MachineOptions& options);

 private:
  struct KnownFile {
    std::array<std::int64_t, 5> look{};
    std::string sum;
  };

  [[nodiscard]] Result<std::string> sum_of_file(const std::string& path);
  [[nodiscard]] Result<std::string> sum_of_this_plugin();

  std::map<std::string, KnownFile> files_; // by path
};

} // namespace schedrig::kvm
