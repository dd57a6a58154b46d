// SPDX-License-Identifier: MIT
// What the simulated kernel's structures (structs.hpp) are called, and which of their fields the
// kernel adds to instead of setting them. Thread: any.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <schedrig/kernel_image.hpp>

#include "plugins/mock/kernel/structs.hpp"

namespace schedrig::mock {

// `type`: u8, u32, u64, s32, char, the name of a structure, "*" for any pointer; behind one of them
// " *" for a pointer to it, or [n].
struct FieldSpec {
  std::string_view name;
  std::uint32_t at = 0;
  std::string_view type;
  bool counter = false; // added to, so that what somebody else wrote there is not lost
};
struct StructSpec {
  std::string_view name; // in brackets: it has none in BTF
  std::uint32_t bytes = 0;
  std::span<const FieldSpec> fields;
};
[[nodiscard]] std::span<const StructSpec> kernel_structs();

// Part of a structure that is written as a whole.
struct Leaf {
  std::uint32_t at = 0;
  std::uint32_t bytes = 0;
  bool counter = false;
};
// Ascending. Of a structure of kernel_structs().
[[nodiscard]] std::vector<Leaf> leaves_of(std::string_view structure);

// All of them as a table to encode.
class TypeTable {
 public:
  TypeTable();
  TypeTable(const TypeTable&) = delete;
  TypeTable& operator=(const TypeTable&) = delete;

  [[nodiscard]] std::span<const BtfType> all() const { return types_; }

 private:
  std::uint32_t add(const BtfType& type);
  [[nodiscard]] std::uint32_t number_of(std::string_view type);
  void add_cpu_states();
  void add_exit_kinds();

  std::vector<BtfType> types_;
  std::deque<std::vector<BtfMember>> members_; // that types_ points to
  std::map<std::string, std::uint32_t, std::less<>> numbers_;
};

template <class T> inline constexpr std::string_view kNameOf = {};
template <> inline constexpr std::string_view kNameOf<guest::Rq> = "rq";
template <> inline constexpr std::string_view kNameOf<guest::KernelCpustat> = "kernel_cpustat";
template <> inline constexpr std::string_view kNameOf<guest::ScxEventStats> = "scx_event_stats";
template <> inline constexpr std::string_view kNameOf<guest::TaskStruct> = "task_struct";
template <> inline constexpr std::string_view kNameOf<guest::SignalStruct> = "signal_struct";
template <> inline constexpr std::string_view kNameOf<guest::ScxDispatchQ> = "scx_dispatch_q";
template <> inline constexpr std::string_view kNameOf<guest::ScxSched> = "scx_sched";
template <> inline constexpr std::string_view kNameOf<guest::BucketTable> = "bucket_table";
template <> inline constexpr std::string_view kNameOf<guest::Cgroup> = "cgroup";
template <> inline constexpr std::string_view kNameOf<guest::KernfsNode> = "kernfs_node";
template <> inline constexpr std::string_view kNameOf<guest::CssSet> = "css_set";

} // namespace schedrig::mock
