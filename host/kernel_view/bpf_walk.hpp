// SPDX-License-Identifier: MIT
// BpfWalk: the BPF maps and programs of the kernel, behind map_idr and prog_idr (kernel/bpf/
// syscall.c of Linux 6.18), with what arrays and hash tables hold. Thread: host.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <schedrig/kernel_targets.hpp>
#include <schedrig/result.hpp>

#include "host/kernel_view/kernel_view.hpp"
#include "host/kernel_view/struct_reader.hpp"

namespace schedrig::kernel_view {

struct MapFacts {
  std::uint64_t address = 0; // of its struct bpf_map
  std::uint32_t id = 0;
  std::string name;
  std::uint32_t type = 0; // enum bpf_map_type
  std::uint32_t key_bytes = 0;
  std::uint32_t value_bytes = 0;
  std::uint32_t max_entries = 0;
  std::uint32_t flags = 0;
  std::uint64_t btf = 0; // address of its struct btf; 0: it has no types
  kernel::TypeId key_type = 0;
  kernel::TypeId value_type = 0;
  kernel::TypeId kernel_value_type = 0; // of a struct_ops map: in the kernel's own types
};

struct ProgramFacts {
  std::uint32_t id = 0;
  std::string name;
  std::uint32_t type = 0; // enum bpf_prog_type
  std::uint32_t jited_bytes = 0;
};

struct MapEntry {
  std::vector<std::uint8_t> key;
  std::vector<std::vector<std::uint8_t>> values; // one; of a per-CPU map one a CPU
};

struct MapEntries {
  std::vector<MapEntry> all;
  bool cut = false;   // there are more than were asked for
  bool known = false; // the map is of a kind that this reads
  // Of a struct_ops map: which program a pointer in its value leads to, by the program's id.
  std::map<std::uint64_t, std::uint32_t> programs;
};

class BpfWalk {
 public:
  // kNotFound: the kernel is built without BPF.
  [[nodiscard]] static Result<BpfWalk> of(const KernelView& view);

  // By id, ascending.
  [[nodiscard]] Result<std::vector<MapFacts>> maps();
  [[nodiscard]] Result<std::vector<ProgramFacts>> programs();
  // Arrays, hash tables, what each CPU has its own of, and struct_ops: entries in the kernel's
  // order until `most` of them, or `most_bytes` of values, are read.
  [[nodiscard]] Result<MapEntries> entries(const MapFacts& map, std::uint32_t most,
                                           std::uint64_t most_bytes);
  // The types of a map that has some, as BtfTypes::read takes them.
  [[nodiscard]] Result<std::vector<std::uint8_t>> types_of(const MapFacts& map);
  // Where the first value of an array lies.
  [[nodiscard]] Result<std::uint64_t> array_values(const MapFacts& map);

 private:
  struct Reading;

  BpfWalk(const KernelView& view, StructReader map, StructReader array)
      : view_(&view), memory_(view.memory()), map_(std::move(map)), array_(std::move(array)) {}

  [[nodiscard]] Result<MapFacts> facts(std::uint64_t map);
  Result<> read_array(Reading& reading);
  Result<> read_hash(Reading& reading);
  Result<> read_struct_ops(Reading& reading);
  Result<> read_chain(Reading& reading, std::uint64_t head, std::uint64_t key_offset);
  [[nodiscard]] Result<std::vector<std::vector<std::uint8_t>>> read_values(Reading& reading,
                                                                           std::uint64_t at);

  const KernelView* view_;
  KernelMemory memory_;
  StructReader map_;
  StructReader array_;
};

// A global variable of a map that a section of a BPF object became (.bss, .data, .rodata), by the
// map's own types. Of several maps of the name the one with the lowest id. kNotFound with what
// there is: no such map or variable; kInvalidArgument: not `bytes` wide, or a map of another kind.
Result<Places> map_variable(const KernelView& view, const MapTarget& target, std::uint64_t bytes);

} // namespace schedrig::kernel_view
