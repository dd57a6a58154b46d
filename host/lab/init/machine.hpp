// SPDX-License-Identifier: MIT
// Makes the emulated host usable: file systems, the kvm modules, the port to the outside.
//
// Part of the lab's init, a static program that runs as PID 1 from the initramfs. What it says
// goes to the console, which run_in_lab shows when something fails. Thread: the only one.
#pragma once

#include <cstdint>
#include <string>

namespace schedrig::lab {

// One line on the console.
void log_line(const std::string& text);

// Mounts what programs expect (proc, sys, dev, cgroup v2, bpf, tracing). A file system that the
// kernel does not have is logged and left out.
void mount_all();

// Loads every module in kModulesDir in the order of names. Failures are logged.
void load_modules();

// Lets programs have huge pages for shared memory, which guests' is, where they ask for them: an
// emulated CPU walks two page tables in software. A kernel without them is logged.
void allow_huge_pages();

// errno of opening /dev/kvm, 0 when that works.
std::uint32_t probe_kvm();

// Opens the virtio-serial port kPortName; waits up to 10 s for it to be probed. -1: not there.
int open_port();

[[noreturn]] void power_off();

} // namespace schedrig::lab
