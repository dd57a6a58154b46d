// SPDX-License-Identifier: MIT
// run_in_lab: runs one command of this machine inside the emulated host, where /dev/kvm is real.
//
// Stages the command, its libraries and files into an initramfs in memory, boots the emulated
// host (QEMU's software emulation of a CPU with AMD's virtualization), relays the command's
// output live, and brings back its exit code and its report files. Leaves no process and no file
// behind, whatever kills this process. Knows nothing about what the command is.
// Thread: the calling thread runs the lab and must live until the call returns.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <schedrig/result.hpp>

#include "host/kernel/kernel_cache.hpp"
#include "host/lab/qemu.hpp"

namespace schedrig::lab {

struct OutputFile {
  std::string in_lab;            // path the command writes in the emulated host
  std::filesystem::path on_host; // where it goes here
  // Both paths are only the beginning of one: each file that begins so goes where the rest of its
  // name leads; none is none missing.
  bool family = false;
};

struct LabRequest {
  // command[0] is a path; it is staged with its libraries and runs at the same path.
  std::vector<std::string> command;
  std::string working_dir;                              // made if need be; empty: "/"
  std::vector<std::pair<std::string, std::string>> env; // added to PATH, HOME, SCHEDRIG_LAB=1
  std::vector<std::filesystem::path> files;             // files and directories to stage
  std::vector<OutputFile> outputs;                      // brought back, also after a failure
  std::vector<kernel::KernelEntry> guest_kernels;       // in the lab's kernel cache, as here
  kernel::KernelEntry host_kernel;                      // must have its kvm modules
  Qemu qemu;
  std::vector<std::string> qemu_arguments; // more of them, for a look at the emulation itself
  std::filesystem::path init;              // the schedrig-lab-init program

  // Two emulated CPUs run on two threads of this machine; more only helps where it has more.
  unsigned cpus = 2; // that the command has
  // Room for the initramfs, a guest of 512 MiB to 1 GiB, and its copy-on-write forks.
  unsigned memory_mib = 3072;
  // Of each of two attempts. 3 to 4 s when measured on 2 free cores; a loaded machine takes many
  // times that.
  std::chrono::milliseconds boot_deadline{std::chrono::seconds(120)};
  std::chrono::milliseconds run_deadline{std::chrono::minutes(10)};

  // When this descriptor becomes readable the command gets SIGINT and some seconds to write its
  // reports; then the lab ends. Borrowed; -1: none.
  int cancel_fd = -1;

  // Called on the calling thread. Empty: stdout and stderr of this process; console: kept only
  // for error messages.
  std::function<void(std::string_view)> on_stdout;
  std::function<void(std::string_view)> on_stderr;
  std::function<void(std::string_view)> on_console;
};

struct LabReport {
  int exit_code = 0;                // of the command; 128 + signal when a signal ended it
  std::vector<std::string> missing; // outputs that the command did not write
  std::uint64_t initramfs_bytes = 0;
  std::chrono::milliseconds staging{}; // making the initramfs
  std::chrono::milliseconds boot{};    // QEMU's start to the lab's init
  std::chrono::milliseconds run{};     // the command, files included
  std::chrono::milliseconds waited{};  // of `run`: the emulated CPUs, together, for one of these
};

// The lab-init program of this build or installation, relative to the running executable
// (../lib/schedrig/schedrig-lab-init). Errors: kNotFound.
Result<std::filesystem::path> find_lab_init();

// Fills in qemu, host_kernel and init from the cache and the build.
// Errors: kNotFound, whose help says what to fetch.
Result<> complete(LabRequest& request);

// Errors: kInvalidArgument (no command), kNotFound (a staged file or library), kGuestFailed (the
// emulated host did not boot, or was lost in the middle; the message quotes its console),
// kUnsupported (no /dev/kvm in it), kTimeout (boot or run deadline), kInterrupted (cancelled and
// the command did not end), kBadData (the channel broke), kOs.
Result<LabReport> run_in_lab(const LabRequest& request);

} // namespace schedrig::lab
