// SPDX-License-Identifier: MIT
// Kernel-memory operations as data: what to read or write (KernelTarget), with what (KernelValue),
// how wide (KernelWidth). Pure data: nothing is resolved until the op runs.
// Owned values; thread: any.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace schedrig {

struct SymbolTarget {
  std::string name;
};
struct DirectTarget {
  std::uint64_t address = 0; // in the kernel's direct map
};
struct KvaTarget {
  std::uint64_t address = 0; // any mapped kernel address
};
struct PerCpuTarget {
  std::string symbol;
  std::string field; // dotted BTF path
  std::uint32_t cpu = 0;
  std::string type; // struct name when the symbol is no known template; may be empty
};
struct TaskTarget {
  std::int32_t pid = 0;
  std::uint64_t start_time_ns = 0;
  std::string field;
};
struct WorkerTarget {
  std::string cgroup;
  std::uint32_t worker = 0;
  std::string field;
};
struct MapTarget {
  std::string name;
  std::string field;
};
struct PluginTarget {
  std::string dispatcher;
  std::vector<std::uint8_t> bytes;
};

using KernelTarget = std::variant<SymbolTarget, DirectTarget, KvaTarget, PerCpuTarget, TaskTarget,
                                  WorkerTarget, MapTarget, PluginTarget>;

struct U32Value {
  std::uint32_t value = 0;
};
struct U64Value {
  std::uint64_t value = 0;
};
struct BytesValue {
  std::vector<std::uint8_t> bytes;
};
struct OrU32Value {
  std::uint32_t mask = 0; // read-modify-write; writes only
};
using KernelValue = std::variant<U32Value, U64Value, BytesValue, OrU32Value>;

struct U32Width {};
struct U64Width {};
struct BytesWidth {
  std::uint32_t count = 0;
};
using KernelWidth = std::variant<U32Width, U64Width, BytesWidth>;

struct KernelWrite {
  KernelTarget target;
  KernelValue value;
};

enum class CompareOp : std::uint32_t {
  kEqual = 0,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual
};

struct Comparison {
  CompareOp op = CompareOp::kEqual;
  std::uint64_t value = 0;
};

} // namespace schedrig
