// SPDX-License-Identifier: MIT
// Implementation of run_in_lab: check, stage, start QEMU, run the session.
#include "host/lab/lab.hpp"

#include <system_error>

#include <unistd.h>

#include "host/lab/initramfs.hpp"
#include "host/lab/qemu_process.hpp"
#include "host/lab/session.hpp"

namespace schedrig::lab {
namespace {

namespace fs = std::filesystem;

// Seen once in some 200 boots under QEMU 11.1: a kernel that boots every other time panics within
// its first seconds, or never says a word. One that does so twice in a row has a reason of its own.
constexpr unsigned kMostBoots = 2;

void tell(const LabRequest& request, const std::string& line) {
  if (request.on_stderr) {
    request.on_stderr(line);
  } else {
    [[maybe_unused]] const ssize_t n = ::write(STDERR_FILENO, line.data(), line.size());
  }
}

} // namespace

Result<fs::path> find_lab_init() {
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error);
  fs::path init = self.parent_path().parent_path() / "lib/schedrig/schedrig-lab-init";
  if (error || !fs::is_regular_file(init, error)) {
    return fail(StatusCode::kNotFound, "no lab init program at " + init.string(),
                "build or install schedrig whole: it belongs to it");
  }
  return init;
}

Result<> complete(LabRequest& request) {
  request.qemu = TRY(find_qemu());
  const auto kernels = TRY(kernel::KernelCache::open());
  request.host_kernel = TRY(kernels.find_lab_host());
  request.init = TRY(find_lab_init());
  return {};
}

Result<LabReport> run_in_lab(const LabRequest& request) {
  if (request.command.empty()) {
    return fail(StatusCode::kInvalidArgument, "no command to run in the lab");
  }
  if (!request.host_kernel.can_host_lab()) {
    return fail(StatusCode::kInvalidArgument,
                "kernel " + request.host_kernel.facts.version + " has no kvm modules",
                "fetch one that has them with 'schedrig kernel fetch'");
  }
  const auto started = std::chrono::steady_clock::now();
  LabRequest staged = request;
  staged.command[0] = fs::absolute(request.command[0]).lexically_normal().string();
  auto initramfs = build_initramfs(staged);
  if (!initramfs) {
    return std::unexpected(std::move(initramfs).error().context("staging for the lab"));
  }
  LabReport report;
  report.initramfs_bytes = initramfs->bytes;
  report.staging = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - started);
  const HostSpec host = {.kernel = request.host_kernel.image,
                         .initramfs_fd = initramfs->fd.get(),
                         .cpus = request.cpus,
                         .memory_mib = request.memory_mib,
                         .qemu_arguments = request.qemu_arguments};
  for (unsigned boot = 1;; ++boot) {
    auto qemu = TRY(QemuProcess::start(request.qemu, host));
    Session session(staged, qemu);
    auto ran = session.run(report);
    if (ran) {
      return report;
    }
    const std::string panic = session.panic_at_boot();
    const bool hung = session.booting() && ran.error().code == StatusCode::kTimeout;
    if ((panic.empty() && !hung) || boot == kMostBoots) {
      return std::unexpected(std::move(ran).error());
    }
    const std::string how = hung ? "hung" : "panicked";
    tell(request, "lab: the emulated host " + how + " while booting (" +
                      (hung ? ran.error().message : panic) +
                      "), before anything ran in it; starting it again\n");
  }
}

} // namespace schedrig::lab
