// SPDX-License-Identifier: MIT
// Finding: this machine's own kernel's BTF. Guests bring theirs; this one matters for building
// BPF programs against the running kernel and for schedulers tested on the host directly.
#include "host/doctor/finding.hpp"
#include "host/kernel/btf.hpp"

namespace schedrig::doctor {

Finding find_kernel_btf() {
  const std::string name = "this kernel's BTF";
  const std::string path = "/sys/kernel/btf/vmlinux";
  const auto bytes = kernel::read_file(path, kernel::kMaxImageBytes);
  if (!bytes) {
    return {name, Severity::kWarn, bytes.error().message,
            "BPF programs cannot be built against the running kernel; guests are not affected",
            "none needed for testing in guests"};
  }
  const auto facts = kernel::read_btf_facts(*bytes);
  if (!facts) {
    return {name, Severity::kWarn, facts.error().message,
            "BPF programs cannot be built against the running kernel; guests are not affected",
            "none needed for testing in guests"};
  }
  const char* sched_ext = facts->sched_ext == kernel::SchedExtBtf::kAbsent ? "without sched_ext"
                          : facts->sched_ext == kernel::SchedExtBtf::kWhole
                              ? "with sched_ext"
                              : "with sched_ext, but not whole";
  return {name,
          Severity::kOk,
          path + ": " + std::to_string(facts->types) + " types, " + sched_ext,
          {},
          {}};
}

} // namespace schedrig::doctor
