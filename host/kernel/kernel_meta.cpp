// SPDX-License-Identifier: MIT
// Implementation of the meta file.
#include "host/kernel/kernel_meta.hpp"

#include <algorithm>
#include <map>

namespace schedrig::kernel {
namespace {

// Raised when an entry's meaning changes; entries of another format are not used.
constexpr std::string_view kFormat = "1";

constexpr const char* kVmlinux = "vmlinux";

std::string one_line(std::string text) {
  std::ranges::replace(text, '\n', ' ');
  return text;
}

const char* word(SchedExtBtf value) {
  switch (value) {
  case SchedExtBtf::kAbsent:
    return "absent";
  case SchedExtBtf::kBroken:
    return "broken";
  case SchedExtBtf::kWhole:
    break;
  }
  return "whole";
}

} // namespace

std::string write_meta(const KernelMeta& meta) {
  const KernelFacts& facts = meta.facts;
  const auto line = [](std::string_view key, const std::string& value) {
    return std::string(key) + "=" + one_line(value) + "\n";
  };
  std::string text = line("format", std::string(kFormat)) + line("version", facts.version) +
                     line("build", facts.build) +
                     line("image", facts.format == ImageFormat::kVmlinux ? kVmlinux : "bzImage") +
                     line("origin", meta.origin) + line("has_btf", facts.has_btf ? "1" : "0") +
                     line("sched_ext_btf", word(facts.btf.sched_ext)) +
                     line("btf_missing", facts.btf.missing) +
                     line("btf_types", std::to_string(facts.btf.types));
  if (facts.symbols) {
    text += line("symbols", to_string(*facts.symbols));
  }
  if (facts.config) {
    text += line("config_sched_ext", facts.config->sched_ext ? "1" : "0") +
            line("config_btf", facts.config->btf ? "1" : "0") +
            line("config_kvm_amd_module", facts.config->kvm_amd_module ? "1" : "0") +
            line("config_hz", facts.config->hz) +
            line("config_preemption", facts.config->preemption);
  }
  return text;
}

Result<KernelMeta> parse_meta(std::string_view text) {
  std::map<std::string, std::string, std::less<>> values;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t equals = line.find('=');
    if (equals != std::string_view::npos) {
      values[std::string(line.substr(0, equals))] = line.substr(equals + 1);
    }
  }
  if (values["format"] != kFormat || values["version"].empty()) {
    return fail(StatusCode::kBadData, "not a kernel's meta file of format 1");
  }
  KernelMeta meta;
  meta.origin = values["origin"];
  meta.facts.version = values["version"];
  meta.facts.build = values["build"];
  meta.facts.format = values["image"] == kVmlinux ? ImageFormat::kVmlinux : ImageFormat::kBzImage;
  meta.facts.has_btf = values["has_btf"] == "1";
  for (const SchedExtBtf value :
       {SchedExtBtf::kAbsent, SchedExtBtf::kBroken, SchedExtBtf::kWhole}) {
    if (values["sched_ext_btf"] == word(value)) {
      meta.facts.btf.sched_ext = value;
    }
  }
  meta.facts.btf.missing = values["btf_missing"];
  for (const char c : values["btf_types"]) {
    if (c < '0' || c > '9' || meta.facts.btf.types > 100'000'000U) {
      return fail(StatusCode::kBadData, "btf_types is not a count");
    }
    meta.facts.btf.types = meta.facts.btf.types * 10 + static_cast<std::uint32_t>(c - '0');
  }
  for (const SymbolSource value :
       {SymbolSource::kElfSymbols, SymbolSource::kKallsyms, SymbolSource::kGuestOnly}) {
    if (values["symbols"] == to_string(value)) {
      meta.facts.symbols = value;
    }
  }
  if (values.contains("config_hz")) {
    meta.facts.config = ConfigFacts{values["config_sched_ext"] == "1", values["config_btf"] == "1",
                                    values["config_kvm_amd_module"] == "1", values["config_hz"],
                                    values["config_preemption"]};
  }
  return meta;
}

} // namespace schedrig::kernel
