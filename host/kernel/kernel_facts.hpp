// SPDX-License-Identifier: MIT
// KernelFacts: what can be told about a kernel from its image and its config file, without
// booting it.
//
// Knows nothing about the cache or where the files came from. Thread: any.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include <schedrig/result.hpp>

#include "host/kernel/btf.hpp"
#include "host/kernel/bytes.hpp"
#include "host/kernel/symbol_source.hpp"

namespace schedrig::kernel {

// From a config file (config-VERSION); empty strings mean that it does not say.
struct ConfigFacts {
  bool sched_ext = false;      // CONFIG_SCHED_CLASS_EXT
  bool btf = false;            // CONFIG_DEBUG_INFO_BTF
  bool kvm_amd_module = false; // CONFIG_KVM_AMD=m
  std::string hz;              // CONFIG_HZ
  std::string preemption;      // "lazy", "full", "voluntary", "none", "rt"; "(dynamic)" appended
};

enum class ImageFormat : std::uint8_t { kBzImage, kVmlinux };

struct KernelFacts {
  ImageFormat format = ImageFormat::kBzImage;
  std::string version;
  std::string build;
  bool has_btf = false; // a .BTF section in the vmlinux
  BtfFacts btf;
  std::optional<SymbolSource> symbols; // absent: an older schedrig looked at it
  std::optional<ConfigFacts> config;   // absent: the package brought no config file

  // Can sched_ext schedulers be loaded on it?
  [[nodiscard]] bool whole() const { return has_btf && btf.sched_ext == SchedExtBtf::kWhole; }
};

ConfigFacts parse_config(std::string_view text);

// image: a bzImage or a vmlinux. config_file: may be empty. Errors: kBadData, kUnsupported, kOs.
Result<KernelFacts> inspect_kernel(ByteView image, const std::filesystem::path& config_file);

// One line for people: "sched_ext whole", or why it is not and what follows.
std::string sched_ext_line(const KernelFacts& facts);

} // namespace schedrig::kernel
