// SPDX-License-Identifier: MIT
#include "host/kernel_view/render_vcpu.hpp"

#include <array>
#include <cstring>
#include <utility>

#include "host/text/hex.hpp"

namespace schedrig::kernel_view {
namespace {

using json::Value;

constexpr std::size_t kMaxFrames = 64;

Value registers_value(const VcpuRegisters& has) {
  const std::array<std::pair<const char*, std::uint64_t>, 30> all = {{
      {"rip", has.rip},         {"rflags", has.rflags},
      {"rax", has.rax},         {"rbx", has.rbx},
      {"rcx", has.rcx},         {"rdx", has.rdx},
      {"rsi", has.rsi},         {"rdi", has.rdi},
      {"rbp", has.rbp},         {"rsp", has.rsp},
      {"r8", has.r8},           {"r9", has.r9},
      {"r10", has.r10},         {"r11", has.r11},
      {"r12", has.r12},         {"r13", has.r13},
      {"r14", has.r14},         {"r15", has.r15},
      {"cs", has.cs},           {"ss", has.ss},
      {"cr0", has.cr0},         {"cr2", has.cr2},
      {"cr3", has.cr3},         {"cr4", has.cr4},
      {"efer", has.efer},       {"fs_base", has.fs_base},
      {"gs_base", has.gs_base}, {"kernel_gs_base", has.kernel_gs_base},
      {"lstar", has.lstar},     {"started", has.started},
  }};
  Value value = Value::object();
  for (const auto& [name, number] : all) {
    value.set(name, text::hex_number(number));
  }
  return value;
}

Value stack_value(const VcpuSnapshot& vcpu, const CodeNames& names) {
  Value frames = Value::array();
  if (names.is_code(vcpu.registers.rip)) {
    frames.push(names.of(vcpu.registers.rip));
  }
  std::size_t found = 0;
  for (std::size_t at = 0; at + sizeof(std::uint64_t) <= vcpu.stack.size() && found < kMaxFrames;
       at += sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, &vcpu.stack[at], sizeof word);
    if (names.is_code(word)) {
      frames.push(names.of(word));
      ++found;
    }
  }
  return frames;
}

} // namespace

CodeNames::CodeNames(const KernelView& view) : view_(&view) {
  const auto start = view.address_of("_stext");
  const auto end = view.address_of("_etext");
  if (start && end) {
    start_ = *start;
    end_ = *end;
  }
}

std::string CodeNames::of(std::uint64_t address) const {
  if (!is_code(address)) {
    return "";
  }
  const auto place = view_->facts().symbols.place_of(address - view_->place().slide);
  return place ? std::string(place->name) + "+" + text::hex_number(place->offset) : "";
}

Value vcpu_value(const VcpuSnapshot& vcpu, const CodeNames& names) {
  Value value = Value::object();
  value.set("registers", registers_value(vcpu.registers));
  value.set("in_kernel", names.is_code(vcpu.registers.rip));
  value.set("stack_method", "scan");
  value.set("stack", stack_value(vcpu, names));
  return value;
}

} // namespace schedrig::kernel_view
