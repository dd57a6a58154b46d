// SPDX-License-Identifier: MIT
// A CPU's registers and stack, with the names of the kernel's code. Thread: any.
#pragma once

#include <cstdint>
#include <string>

#include "host/json/value.hpp"
#include "host/kernel_view/kernel_snapshot.hpp"

namespace schedrig::kernel_view {

// Names of places in the kernel's text.
class CodeNames {
 public:
  explicit CodeNames(const KernelView& view);

  [[nodiscard]] bool is_code(std::uint64_t address) const {
    return address >= start_ && address < end_;
  }
  // "schedule+0x10"; "" for what is no code of the kernel's image.
  [[nodiscard]] std::string of(std::uint64_t address) const;

 private:
  const KernelView* view_;
  std::uint64_t start_ = 0; // by the running kernel
  std::uint64_t end_ = 0;
};

// "registers" and "stack": every word of the stack that is an address of code, since neither frame
// pointers nor ORC are followed: returns that are over may be among them.
[[nodiscard]] json::Value vcpu_value(const VcpuSnapshot& vcpu, const CodeNames& names);

} // namespace schedrig::kernel_view
