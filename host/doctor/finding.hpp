// SPDX-License-Identifier: MIT
// Finding: one thing `schedrig doctor` found out about this machine, by trying it.
//
// Every finding says what was observed; one that is not ok says what will not work and what to
// do. What a backend can find out (such as /dev/kvm) comes from its plugin through
// schedrig/probe.hpp; the functions here are the host's own. Each ends within seconds and never
// fails: what cannot be found out is a finding too. Thread: any.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace schedrig::doctor {

enum class Severity : std::uint32_t { kOk = 0, kWarn = 1, kFail = 2 };

struct Finding {
  std::string name; // "lab: QEMU"
  Severity severity = Severity::kOk;
  std::string observed;
  std::string consequence; // empty when ok
  std::string remedy;      // empty when ok
};

const char* to_string(Severity severity); // "ok", "warn", "fail"

Finding find_lab_qemu();   // in the cache, and runs
Finding find_kernels();    // in the cache: a whole one to test, one that can host the lab
Finding find_cgroup_v2();  // mounted, with the cpu, cpuset and memory controllers
Finding find_memory();     // enough for a guest, enough for the lab
Finding find_kernel_btf(); // /sys/kernel/btf/vmlinux can be read

// All of the above, in the order in which a reader wants them.
std::vector<Finding> host_findings();

} // namespace schedrig::doctor
