// SPDX-License-Identifier: MIT
// The list of the host's own findings.
#include "host/doctor/finding.hpp"

namespace schedrig::doctor {

const char* to_string(Severity severity) {
  switch (severity) {
  case Severity::kOk:
    return "ok";
  case Severity::kWarn:
    return "warn";
  case Severity::kFail:
    break;
  }
  return "fail";
}

std::vector<Finding> host_findings() {
  return {find_cgroup_v2(), find_kernel_btf(), find_memory(), find_kernels(), find_lab_qemu()};
}

} // namespace schedrig::doctor
