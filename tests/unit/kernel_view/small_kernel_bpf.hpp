// SPDX-License-Identifier: MIT
// BPF maps of the small kernel, each in map_idr by its id. Thread: one.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/unit/kernel_view/small_kernel.hpp"

namespace schedrig::test {

class SmallKernelBpf {
 public:
  explicit SmallKernelBpf(SmallKernel& kernel) : kernel_(kernel) {}

  static constexpr std::uint32_t kHash = 1;
  static constexpr std::uint32_t kArray = 2;
  static constexpr std::uint32_t kPerCpuArray = 6;
  static constexpr std::uint32_t kStructOps = 26;

  std::uint64_t add_array(std::string_view name, const std::vector<std::uint64_t>& values) {
    const std::uint64_t map = add_map(name, kArray, 8, values.size(), values.size() * 8);
    put_u64s(map + kMapBytes, values);
    return map;
  }
  // Two CPUs' values.
  std::uint64_t add_per_cpu_array(std::string_view name, std::uint64_t first,
                                  std::uint64_t second) {
    const std::uint64_t map = add_map(name, kPerCpuArray, 8, 1, 8);
    const std::uint64_t place = SmallKernel::kPerCpu + 0x800; // of CPU 0; CPU 1's 0x1000 behind
    kernel_.put_at(map + kMapBytes,
                   SmallKernel::kText + SmallKernel::kSlide + 0x40800); // what is added leads there
    kernel_.put_at(SmallKernel::kDirect + place, first);
    kernel_.put_at(SmallKernel::kDirect + place + 0x1000, second);
    return map;
  }
  // Of u32 to u64, in one of two buckets by the key's lowest bit.
  std::uint64_t add_hash(std::string_view name,
                         const std::vector<std::pair<std::uint32_t, std::uint64_t>>& entries) {
    const std::uint64_t map = add_map(name, kHash, 8, 16, 64);
    const std::uint64_t buckets = kernel_.add_object(32);
    kernel_.put_field(map, "bpf_htab", "buckets", buckets);
    kernel_.put_field(map, "bpf_htab", "n_buckets", 2);
    std::uint64_t heads[2] = {1, 3}; // ends of chains
    for (const auto& [key, value] : entries) {
      const std::uint64_t element = kernel_.add_object(32);
      kernel_.put_at(element, std::exchange(heads[key % 2], element));
      kernel_.put_at(element + 16, key);
      kernel_.put_at(element + 24, value);
      elements.push_back(element);
    }
    kernel_.put_at(buckets, heads[0]);
    kernel_.put_at(buckets + 16, heads[1]);
    return map;
  }
  // A scheduler's callbacks: enqueue is the program with the id, dispatch code of the kernel's
  // image, tick nothing.
  std::uint64_t add_struct_ops(std::string_view name, std::uint64_t enqueue,
                               std::uint32_t program) {
    const std::uint64_t map = add_map(name, kStructOps, 40, 1, 48);
    const auto& all = kernel_.facts.types;
    kernel_.put_field(map, "bpf_map", "btf_vmlinux_value_type_id",
                      all.structure("bpf_struct_ops_sched_ext_ops").value());
    const std::uint64_t by_id = kernel_.add_object(40);
    kernel_.put_field(map, "bpf_struct_ops_map", "uvalue", by_id);
    const std::uint64_t value = map + kernel_.offset("bpf_struct_ops_map", "kvalue");
    put_u64s(value, {3ULL << 32U, enqueue, SmallKernel::address_of("schedule"), 0, 17});
    put_u64s(by_id, {0, program, 0, 0, 17});
    return map;
  }
  // With the variables dispatched (u64) and knob (u32).
  std::uint64_t add_globals(std::string_view name, std::uint64_t dispatched, std::uint64_t knob) {
    BtfBuilder btf;
    const auto u64 = btf.integer("long unsigned int", 8);
    const auto u32 = btf.integer("unsigned int", 4);
    const auto section = btf.section(".bss", 16, {{"dispatched", u64, 0, 8}, {"knob", u32, 8, 4}});
    const std::string blob = btf.blob();
    const std::uint64_t data = kernel_.add_object(blob.size());
    kernel_.ram.put_text(data - SmallKernel::kDirect, blob);
    types = kernel_.add_object(16);
    kernel_.put_at(types, data);
    kernel_.put_field(types, "btf", "data_size", blob.size());
    const std::uint64_t map = add_map(name, kArray, 16, 1, 16);
    kernel_.put_field(map, "bpf_map", "btf", types);
    kernel_.put_field(map, "bpf_map", "btf_value_type_id", section);
    put_u64s(map + kMapBytes, {dispatched, knob});
    return map;
  }
  void add_program(std::string_view name) {
    const std::uint64_t aux = kernel_.add_object(24);
    kernel_.put_field(aux, "bpf_prog_aux", "id", 9);
    kernel_.ram.put_text(aux + 4 - SmallKernel::kDirect, name);
    const std::uint64_t program = kernel_.add_object(16);
    kernel_.put_field(program, "bpf_prog", "aux", aux);
    kernel_.put_field(program, "bpf_prog", "type", 27);
    kernel_.put_at(SmallKernel::address_of("prog_idr"), program); // number 0 alone: no node
  }

  std::vector<std::uint64_t> elements; // of hash tables
  std::uint64_t types = 0;             // struct btf of the last globals
  std::uint64_t root = 0;              // of map_idr, once there is a map

 private:
  static constexpr std::uint64_t kMapBytes = 64;
  static constexpr std::uint64_t kSlots = 4; // of a node here; two levels

  std::uint64_t add_map(std::string_view name, std::uint32_t type, std::uint64_t value_bytes,
                        std::uint64_t entries, std::uint64_t more_bytes) {
    const std::uint64_t map = kernel_.add_object(kMapBytes + more_bytes);
    kernel_.put_field(map, "bpf_map", "map_type", type);
    kernel_.put_field(map, "bpf_map", "key_size", 4);
    kernel_.put_field(map, "bpf_map", "value_size", value_bytes);
    kernel_.put_field(map, "bpf_map", "max_entries", entries);
    kernel_.put_field(map, "bpf_map", "id", ++maps_);
    kernel_.ram.put_text(map + 24 - SmallKernel::kDirect, name);
    number(map);
    return map;
  }
  void number(std::uint64_t map) {
    if (root == 0) {
      root = add_node(6);
      kernel_.put_at(SmallKernel::address_of("map_idr"), root + 2);
    }
    const std::uint64_t in_leaf = maps_ % kSlots;
    if (leaf_ == 0 || in_leaf == 0) {
      leaf_ = add_node(0);
      kernel_.put_at(root + 8 + (maps_ / kSlots) * 8, leaf_ + 2);
    }
    kernel_.put_at(leaf_ + 8 + in_leaf * 8, map);
  }
  std::uint64_t add_node(std::uint64_t shift) {
    const std::uint64_t node = kernel_.add_object(40);
    kernel_.put_field(node, "xa_node", "shift", shift);
    return node;
  }
  void put_u64s(std::uint64_t at, const std::vector<std::uint64_t>& values) {
    for (const std::uint64_t value : values) {
      kernel_.put_at(std::exchange(at, at + 8), value);
    }
  }

  SmallKernel& kernel_;
  std::uint64_t maps_ = 0;
  std::uint64_t leaf_ = 0;
};

} // namespace schedrig::test
