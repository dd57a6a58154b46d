// SPDX-License-Identifier: MIT
#include "backend/template_identity.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>

#include <dlfcn.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "template/checksum.hpp"
#include "template/sections.hpp"
#include "vmm/fingerprint.hpp"
#include "vmm/mapped_file.hpp"

namespace schedrig::kvm {
namespace {

// A vmlinux with debug information is some 400 MiB.
constexpr std::uint64_t kMaxFileBytes = 4ULL << 30;

std::string hex(std::uint64_t value) {
  std::array<char, 17> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value, 16).ptr;
  return {text.data(), end};
}

std::string host_kernel() {
  utsname names{};
  ::uname(&names);
  return std::string(names.release) + " " + names.version;
}

} // namespace

Result<std::string> TemplateIdentity::sum_of_file(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) {
    return fail_errno(errno, "stat " + path);
  }
  const std::array<std::int64_t, 5> look = {
      static_cast<std::int64_t>(status.st_dev), static_cast<std::int64_t>(status.st_ino),
      static_cast<std::int64_t>(status.st_size), static_cast<std::int64_t>(status.st_mtim.tv_sec),
      static_cast<std::int64_t>(status.st_mtim.tv_nsec)};
  KnownFile& known = files_[path];
  if (known.sum.empty() || known.look != look) {
    const MappedFile file = TRY(MappedFile::open(path, kMaxFileBytes));
    known = {.look = look, .sum = hex(checksum(file.bytes()))};
  }
  return known.sum;
}

// A template is this build's alone: a change of any device or of the agent's link is another VMM.
Result<std::string> TemplateIdentity::sum_of_this_plugin() {
  static const char here = 0;
  Dl_info info{};
  if (::dladdr(&here, &info) == 0 || info.dli_fname == nullptr) {
    return fail(StatusCode::kInternal, "this plugin's own file is not known");
  }
  return sum_of_file(info.dli_fname);
}

Result<TemplateFields> TemplateIdentity::fields(const MachineSpec& spec,
                                                const MachineOptions& options) {
  const MachineFingerprint machine =
      TRY(fingerprint(spec.topology, spec.memory_bytes, options.vendor));
  TemplateFields fields = {
      {"agent", TRY(sum_of_file(options.agent_path))},
      {"backend", TRY(sum_of_this_plugin())},
      {"cpu", hex(checksum(std::as_bytes(std::span(machine.cpuid))))},
      {"format", std::to_string(kSectionsVersion)},
      {"host_kernel", host_kernel()},
      {"kaslr", options.kaslr ? "on" : "off"},
      {"kernel", TRY(sum_of_file(std::string(spec.kernel_image)))},
      {"kernel_cmdline", std::string(spec.kernel_cmdline)},
      {"memory", std::to_string(spec.memory_bytes)},
      {"ring", options.ring ? "on" : "off"},
      {"topology", to_string(spec.topology) + " " + hex(checksum(machine.tables))},
  };
  std::ranges::sort(fields);
  return fields;
}

} // namespace schedrig::kvm
