// SPDX-License-Identifier: MIT
// Live probes of this host's KVM, for `schedrig doctor`: each finds out by trying, never by a flag.
//
// Some KVMs accept every ioctl and still cannot do the work: a software KVM interprets guest
// kernels at a thousandth of the speed and never reports data watchpoints. Each probe runs a guest
// of a few instructions and ends within kProbeDeadline whatever the host does. Thread: any, one
// call at a time. Ownership: values. Errors are findings, not failures.
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace schedrig::kvm {

inline constexpr std::chrono::seconds kProbeDeadline{2};

struct ProbeReport {
  bool ok = false;
  bool needed = true;      // false: without it the backend still runs machines
  std::string name;        // "data watchpoint"
  std::string observed;    // what was tried and what happened
  std::string consequence; // what will not work; empty when ok
  std::string remedy;      // what to do; empty when ok
};

// The device opens and speaks API version 12.
[[nodiscard]] ProbeReport probe_device(const std::string& device = "/dev/kvm");
// A guest computes in 64-bit mode and reports the result by an I/O port.
[[nodiscard]] ProbeReport probe_long_mode(const std::string& device = "/dev/kvm");
// A guest writes a watched 4-byte word, and KVM reports the hit.
[[nodiscard]] ProbeReport probe_data_watchpoint(const std::string& device = "/dev/kvm");
// How long a guest loop of a million instructions takes: tells a software KVM from a CPU.
[[nodiscard]] ProbeReport probe_speed(const std::string& device = "/dev/kvm");

// A VM of noncoherent memory: what becomes of that. Not ok where it is dropped.
[[nodiscard]] ProbeReport probe_memory_cache(const std::string& device = "/dev/kvm");

// All of the above, in that order; stops after the first that the others cannot do without.
[[nodiscard]] std::vector<ProbeReport> run_probes(const std::string& device = "/dev/kvm");

} // namespace schedrig::kvm
