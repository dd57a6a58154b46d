// SPDX-License-Identifier: MIT
// Implementation of KernelFacts: config lines, and BTF out of the packed vmlinux.
#include "host/kernel/kernel_facts.hpp"

#include <array>
#include <utility>

#include "host/kernel/bzimage.hpp"
#include "host/kernel/decompress.hpp"
#include "host/kernel/elf_sections.hpp"
#include "host/kernel/kernel_banner.hpp"

namespace schedrig::kernel {
namespace {

constexpr std::uint64_t kMaxConfigBytes = 4U << 20U; // Debian's have 130 to 280 KB

Result<KernelFacts> identify(ByteView image) {
  KernelFacts facts;
  if (compression_of(image) != Compression::kNone) {
    const BzImage header = TRY(parse_bzimage(image));
    facts.version = header.version;
    facts.build = header.build;
    return facts;
  }
  const auto banner = find_banner(image);
  if (!banner) {
    return fail(StatusCode::kBadData, "an ELF file without a kernel's version text",
                "give a bzImage or a vmlinux");
  }
  facts.format = ImageFormat::kVmlinux;
  facts.version = banner->version;
  facts.build = banner->build;
  return facts;
}

} // namespace

ConfigFacts parse_config(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, const char*>, 5> kPreemption = {{
      {"CONFIG_PREEMPT_RT", "rt"},
      {"CONFIG_PREEMPT_LAZY", "lazy"},
      {"CONFIG_PREEMPT", "full"},
      {"CONFIG_PREEMPT_VOLUNTARY", "voluntary"},
      {"CONFIG_PREEMPT_NONE", "none"},
  }};
  ConfigFacts facts;
  bool dynamic = false;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos || line.starts_with('#')) {
      continue;
    }
    const std::string_view name = line.substr(0, equals);
    const std::string_view value = line.substr(equals + 1);
    facts.sched_ext = facts.sched_ext || (name == "CONFIG_SCHED_CLASS_EXT" && value == "y");
    facts.btf = facts.btf || (name == "CONFIG_DEBUG_INFO_BTF" && value == "y");
    facts.kvm_amd_module = facts.kvm_amd_module || (name == "CONFIG_KVM_AMD" && value == "m");
    dynamic = dynamic || (name == "CONFIG_PREEMPT_DYNAMIC" && value == "y");
    if (name == "CONFIG_HZ") {
      facts.hz = value;
    }
    for (const auto& [option, word] : kPreemption) {
      if (name == option && value == "y") {
        facts.preemption = word;
      }
    }
  }
  if (dynamic && !facts.preemption.empty()) {
    facts.preemption += " (dynamic)";
  }
  return facts;
}

Result<KernelFacts> inspect_kernel(ByteView image, const std::filesystem::path& config_file) {
  KernelFacts facts = TRY(identify(image));
  const Bytes vmlinux = TRY(extract_vmlinux(image));
  facts.symbols = symbol_source(vmlinux);
  if (auto section = elf_section(vmlinux, ".BTF")) {
    facts.has_btf = true;
    facts.btf = TRY(read_btf_facts(*section));
  } else if (section.error().code != StatusCode::kNotFound) {
    return std::unexpected(std::move(section).error());
  }
  if (!config_file.empty()) {
    const Bytes text = TRY(read_file(config_file, kMaxConfigBytes));
    facts.config = parse_config({reinterpret_cast<const char*>(text.data()), text.size()});
  }
  return facts;
}

std::string sched_ext_line(const KernelFacts& facts) {
  if (!facts.has_btf) {
    return "no BTF in the image: sched_ext schedulers cannot be loaded";
  }
  switch (facts.btf.sched_ext) {
  case SchedExtBtf::kAbsent:
    return "built without sched_ext";
  case SchedExtBtf::kBroken:
    return "sched_ext unusable: its BTF lacks " + facts.btf.missing +
           " (made by an older pahole), so the verifier refuses schedulers";
  case SchedExtBtf::kWhole:
    break;
  }
  return "sched_ext whole";
}

} // namespace schedrig::kernel
