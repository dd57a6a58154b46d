// SPDX-License-Identifier: MIT
// Finding: is QEMU for the lab in the cache, and does it run?
#include "host/doctor/finding.hpp"
#include "host/lab/qemu.hpp"

namespace schedrig::doctor {

Finding find_lab_qemu() {
  constexpr const char* kConsequence =
      "without usable hardware virtualization the kvm backend has nowhere to run";
  Finding finding{.name = "lab: QEMU", .observed = {}, .consequence = {}, .remedy = {}};
  const auto qemu = lab::find_qemu();
  if (!qemu) {
    return {finding.name, Severity::kWarn, qemu.error().message, kConsequence, qemu.error().help};
  }
  const auto said = lab::probe_qemu(*qemu);
  if (!said) {
    return {finding.name, Severity::kFail, said.error().message, kConsequence,
            "remove " + qemu->binary.parent_path().parent_path().parent_path().string() +
                " and run 'schedrig lab setup'"};
  }
  finding.observed = *said;
  return finding;
}

} // namespace schedrig::doctor
