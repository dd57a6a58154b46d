// SPDX-License-Identifier: MIT
// Implementation of run_in_lab: check, stage, start QEMU, run the session.
#include "host/lab/lab.hpp"

#include <system_error>

#include "host/lab/initramfs.hpp"
#include "host/lab/qemu_process.hpp"
#include "host/lab/session.hpp"

namespace schedrig::lab {
namespace {

namespace fs = std::filesystem;

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
  auto qemu = TRY(QemuProcess::start(request.qemu, {.kernel = request.host_kernel.image,
                                                    .initramfs_fd = initramfs->fd.get(),
                                                    .cpus = request.cpus,
                                                    .memory_mib = request.memory_mib,
                                                    .qemu_arguments = request.qemu_arguments}));
  Session session(staged, qemu);
  TRY(session.run(report));
  return report;
}

} // namespace schedrig::lab
