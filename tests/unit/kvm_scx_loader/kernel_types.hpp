// SPDX-License-Identifier: MIT
// Kernels made up as BTF: what a loader looks at in a kernel with sched_ext. Thread: the test's.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "scx_loader/btf_names.hpp"

namespace schedrig::scx {

using Types = std::unique_ptr<btf, decltype(&btf__free)>;

inline Types no_types() {
  return {btf__new_empty(), btf__free};
}

struct KernelParts {
  bool value = true;     // what the kernel keeps the operations in
  bool functions = true; // those that schedulers call
};

// struct sched_ext_ops with these callbacks, then flags, timeout_ms and a name of 128 bytes; the
// structure that the kernel keeps it in, and one function.
inline Types kernel_types(const std::vector<const char*>& callbacks, KernelParts parts = {}) {
  Types types = no_types();
  const int u32 = btf__add_int(types.get(), "unsigned int", 4, 0);
  const int u64 = btf__add_int(types.get(), "long unsigned int", 8, 0);
  const int one = btf__add_int(types.get(), "char", 1, BTF_INT_CHAR);
  const int text = btf__add_array(types.get(), u32, one, 128);
  const int prototype = btf__add_func_proto(types.get(), 0);
  const int pointer = btf__add_ptr(types.get(), prototype);
  const auto pointers = static_cast<std::uint32_t>(8 * callbacks.size());
  const int ops = btf__add_struct(types.get(), "sched_ext_ops", pointers + 144);
  std::uint32_t bit = 0;
  for (const char* name : callbacks) {
    btf__add_field(types.get(), name, pointer, bit, 0);
    bit += 64;
  }
  btf__add_field(types.get(), "flags", u64, bit, 0);
  btf__add_field(types.get(), "timeout_ms", u32, bit + 64, 0);
  btf__add_field(types.get(), "name", text, bit + 128, 0);
  if (parts.value) {
    btf__add_struct(types.get(), "bpf_struct_ops_sched_ext_ops", pointers + 144 + 64);
    btf__add_field(types.get(), "data", ops, std::uint32_t{64} * 8, 0);
  }
  if (parts.functions) {
    btf__add_func(types.get(), "scx_bpf_create_dsq", BTF_FUNC_GLOBAL, prototype);
  }
  return types;
}

} // namespace schedrig::scx
