// SPDX-License-Identifier: MIT
// Implementation: init, modules, request, the command and its files, guest kernels.
#include "host/lab/initramfs.hpp"

#include "host/lab/frame.hpp"
#include "host/lab/request.hpp"
#include "host/lab/staging.hpp"

namespace schedrig::lab {
namespace {

namespace fs = std::filesystem;

// In the lab schedrig finds its kernels in a cache, as it does here.
constexpr const char* kCacheHome = "/lab/cache";

constexpr const char* kLinkerCachePath = "/etc/ld.so.cache";

InitRequest init_request(const LabRequest& request) {
  InitRequest result;
  result.working_dir = request.working_dir.empty() ? "/" : request.working_dir;
  result.arguments = request.command;
  result.environment = {"PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "HOME=/root",
                        std::string("XDG_CACHE_HOME=") + kCacheHome, "SCHEDRIG_LAB=1"};
  for (const auto& [name, value] : request.env) {
    result.environment.emplace_back(name).append("=").append(value);
  }
  for (const OutputFile& output : request.outputs) {
    result.outputs.push_back({.path = output.in_lab, .family = output.family});
  }
  return result;
}

Result<> stage_kernel(CpioWriter& archive, const kernel::KernelEntry& kernel) {
  if (kernel.dir.empty()) {
    return stage_as(archive, kernel.image, fs::absolute(kernel.image).lexically_normal().string());
  }
  const std::string dir = std::string(kCacheHome) + "/schedrig/kernels/" + kernel.id + "/";
  TRY(stage_as(archive, kernel.image, dir + "vmlinuz"));
  if (!kernel.config.empty()) {
    TRY(stage_as(archive, kernel.config, dir + "config"));
  }
  return stage_as(archive, kernel.dir / "meta", dir + "meta");
}

} // namespace

Result<Initramfs> build_initramfs(const LabRequest& request) {
  auto archive = TRY(CpioWriter::make());
  TRY(stage_as(archive, request.init, "/init"));
  archive.add_directory("/dev"); // devtmpfs is mounted on it
  for (const fs::path& module : request.host_kernel.modules) {
    TRY(stage_as(archive, module, std::string(kModulesDir) + "/" + module.filename().string()));
  }
  archive.add_file(kRequestPath, encode(init_request(request)), 0600);
  if (!request.working_dir.empty()) {
    archive.add_directory(request.working_dir);
  }
  for (const OutputFile& output : request.outputs) {
    archive.add_directory(fs::path(output.in_lab).parent_path().string());
  }
  TRY(stage(archive, request.command[0]));
  for (const fs::path& file : request.files) {
    TRY(stage(archive, file));
  }
  // Where payloads' libraries lie, for backends that bring them into a guest.
  if (std::error_code error; fs::is_regular_file(kLinkerCachePath, error)) {
    TRY(stage_as(archive, kLinkerCachePath, kLinkerCachePath));
  }
  for (const kernel::KernelEntry& kernel : request.guest_kernels) {
    TRY(stage_kernel(archive, kernel));
  }
  Initramfs result;
  result.fd = TRY(archive.finish());
  result.bytes = archive.size();
  return result;
}

} // namespace schedrig::lab
