// SPDX-License-Identifier: MIT
#include "host/kernel_view/bpf_walk.hpp"

#include <algorithm>
#include <cstring>
#include <unordered_set>
#include <utility>

#include "host/kernel_view/idr_walk.hpp"
#include "host/kernel_view/list_walk.hpp"
#include "host/text/hex.hpp"
#include "host/text/quote.hpp"

namespace schedrig::kernel_view {
namespace {

// include/uapi/linux/bpf.h: part of the interface, the same in every kernel.
constexpr std::uint32_t kHash = 1;
constexpr std::uint32_t kArray = 2;
constexpr std::uint32_t kPerCpuHash = 5;
constexpr std::uint32_t kPerCpuArray = 6;
constexpr std::uint32_t kLruHash = 9;
constexpr std::uint32_t kLruPerCpuHash = 10;
constexpr std::uint32_t kStructOps = 26;

// The machine may stand still meanwhile: a table's empty buckets are looked at for some 10 ms.
constexpr std::uint64_t kMaxBuckets = 65'536;

// Types of a BPF object take some KiB, those of a kernel 8 MiB.
constexpr std::uint64_t kMaxBtfBytes = 16ULL << 20U;

std::uint64_t round_up_8(std::uint64_t bytes) {
  return (bytes + 7) / 8 * 8;
}

bool is_per_cpu(const MapFacts& map) {
  return map.type == kPerCpuHash || map.type == kPerCpuArray || map.type == kLruPerCpuHash;
}

Result<std::uint64_t> size_of_target(const kernel::BtfTypes& types, kernel::TypeId pointer) {
  const kernel::TypeId target = TRY(types.pointee(pointer));
  return types.size_of(target);
}

std::string name_of(const MapFacts& map) {
  return "BPF map " + std::to_string(map.id) + " " + text::quote(map.name);
}

} // namespace

struct BpfWalk::Reading {
  const MapFacts& map;
  std::uint32_t most;
  std::uint64_t bytes_left;
  std::uint32_t cpus = 0;
  WalkBudget budget;
  MapEntries entries;

  [[nodiscard]] bool full() {
    const std::uint64_t next =
        std::uint64_t{map.value_bytes} * (is_per_cpu(map) ? cpus : 1) + map.key_bytes;
    entries.cut = entries.cut || entries.all.size() >= most || next > bytes_left;
    return entries.cut;
  }
};

Result<BpfWalk> BpfWalk::of(const KernelView& view) {
  const kernel::BtfTypes& types = view.facts().types;
  auto map = TRY(StructReader::of(types, view.memory(), "bpf_map"));
  auto array = TRY(StructReader::of(types, view.memory(), "bpf_array"));
  return BpfWalk(view, std::move(map), std::move(array));
}

Result<MapFacts> BpfWalk::facts(std::uint64_t map) {
  MapFacts facts;
  facts.address = map;
  const auto u32 = [&](std::string_view path) -> Result<std::uint32_t> {
    return static_cast<std::uint32_t>(TRY(map_.number(map, path)));
  };
  facts.id = TRY(u32("id"));
  facts.name = TRY(map_.text(map, "name"));
  facts.type = TRY(u32("map_type"));
  facts.key_bytes = TRY(u32("key_size"));
  facts.value_bytes = TRY(u32("value_size"));
  facts.max_entries = TRY(u32("max_entries"));
  facts.flags = TRY(u32("map_flags"));
  facts.btf = TRY(map_.number(map, "btf"));
  facts.key_type = TRY(u32("btf_key_type_id"));
  facts.value_type = TRY(u32("btf_value_type_id"));
  if (map_.has("btf_vmlinux_value_type_id")) {
    facts.kernel_value_type = TRY(u32("btf_vmlinux_value_type_id"));
  }
  return facts;
}

Result<std::vector<MapFacts>> BpfWalk::maps() {
  std::vector<MapFacts> maps;
  const std::vector<std::uint64_t> objects = TRY(objects_of_idr(*view_, "map_idr"));
  for (const std::uint64_t map : objects) {
    maps.push_back(TRY(facts(map)));
  }
  return maps;
}

Result<std::vector<ProgramFacts>> BpfWalk::programs() {
  const kernel::BtfTypes& types = view_->facts().types;
  auto program = TRY(StructReader::of(types, memory_, "bpf_prog"));
  auto more = TRY(StructReader::of(types, memory_, "bpf_prog_aux"));
  std::vector<ProgramFacts> programs;
  const std::vector<std::uint64_t> objects = TRY(objects_of_idr(*view_, "prog_idr"));
  for (const std::uint64_t at : objects) {
    const std::uint64_t aux = TRY(program.number(at, "aux"));
    programs.push_back(
        {.id = static_cast<std::uint32_t>(TRY(more.number(aux, "id"))),
         .name = TRY(more.text(aux, "name")),
         .type = static_cast<std::uint32_t>(TRY(program.number(at, "type"))),
         .jited_bytes = static_cast<std::uint32_t>(TRY(program.number(at, "jited_len")))});
  }
  return programs;
}

Result<std::uint64_t> BpfWalk::array_values(const MapFacts& map) {
  return array_.address(map.address, "value");
}

// `at`: where the value lies, or the per-CPU pointer to it.
Result<std::vector<std::vector<std::uint8_t>>> BpfWalk::read_values(Reading& reading,
                                                                    std::uint64_t at) {
  std::vector<std::vector<std::uint8_t>> values;
  const bool per_cpu = is_per_cpu(reading.map);
  const std::uint64_t base = per_cpu ? TRY(memory_.read_object<std::uint64_t>(at)) : at;
  for (std::uint32_t cpu = 0; cpu < (per_cpu ? reading.cpus : 1); ++cpu) {
    const std::uint64_t offset = per_cpu ? TRY(view_->per_cpu_offset(cpu)) : 0;
    std::vector<std::uint8_t> value(reading.map.value_bytes);
    TRY(memory_.read(base + offset, value));
    values.push_back(std::move(value));
    reading.bytes_left -= reading.map.value_bytes;
  }
  reading.bytes_left -= reading.map.key_bytes;
  return values;
}

Result<> BpfWalk::read_array(Reading& reading) {
  const std::uint64_t first = TRY(array_values(reading.map)); // and of pptrs: they share a union
  const std::uint64_t step =
      is_per_cpu(reading.map) ? sizeof(std::uint64_t) : round_up_8(reading.map.value_bytes);
  for (std::uint32_t i = 0; i < reading.map.max_entries && !reading.full(); ++i) {
    MapEntry entry;
    for (std::uint32_t byte = 0; byte < sizeof i; ++byte) {
      entry.key.push_back(static_cast<std::uint8_t>(i >> (8 * byte)));
    }
    entry.values = TRY(read_values(reading, first + i * step));
    reading.entries.all.push_back(std::move(entry));
  }
  return {};
}

// A chain ends in a number with its lowest bit set (include/linux/list_nulls.h).
Result<> BpfWalk::read_chain(Reading& reading, std::uint64_t head, std::uint64_t key_offset) {
  std::unordered_set<std::uint64_t> met;
  auto element = TRY(memory_.read_object<std::uint64_t>(head));
  while ((element & 1U) == 0 && !reading.full()) {
    if (reading.budget.left == 0 || !met.insert(element).second) {
      return fail(StatusCode::kBadData, "the chain at " + text::hex_number(head) + " comes to " +
                                            text::hex_number(element) + " again, or has no end");
    }
    --reading.budget.left;
    MapEntry entry;
    entry.key.resize(reading.map.key_bytes);
    TRY(memory_.read(element + key_offset, entry.key));
    entry.values =
        TRY(read_values(reading, element + key_offset + round_up_8(reading.map.key_bytes)));
    reading.entries.all.push_back(std::move(entry));
    element = TRY(memory_.read_object<std::uint64_t>(element)); // hash_node.next comes first
  }
  return {};
}

Result<> BpfWalk::read_hash(Reading& reading) {
  const kernel::BtfTypes& types = view_->facts().types;
  auto table = TRY(StructReader::of(types, memory_, "bpf_htab"));
  auto element = TRY(StructReader::of(types, memory_, "htab_elem"));
  const kernel::FieldPlace buckets = TRY(table.place("buckets"));
  const std::uint64_t step = TRY(size_of_target(types, buckets.type_id));
  const std::uint64_t first = TRY(table.number(reading.map.address, "buckets"));
  const std::uint64_t count = TRY(table.number(reading.map.address, "n_buckets"));
  const std::uint64_t key_offset = TRY(element.place("key")).offset;
  for (std::uint64_t i = 0; i < count && !reading.full(); ++i) {
    if (i == kMaxBuckets) {
      reading.entries.cut = true;
      break;
    }
    TRY(read_chain(reading, first + i * step, key_offset));
  }
  return {};
}

// The kernel's value has the addresses of code that calls the programs; the one for user space has
// the programs' ids in the same places (bpf_struct_ops_map_update_elem()).
Result<> BpfWalk::read_struct_ops(Reading& reading) {
  auto map = TRY(StructReader::of(view_->facts().types, memory_, "bpf_struct_ops_map"));
  if (reading.full()) {
    return {};
  }
  const std::uint64_t place = TRY(map.address(reading.map.address, "kvalue"));
  const std::uint64_t by_id = TRY(map.number(reading.map.address, "uvalue"));
  MapEntry entry;
  entry.key.resize(reading.map.key_bytes);
  entry.values = TRY(read_values(reading, place));
  const std::vector<std::uint8_t>& value = entry.values.front();
  std::vector<std::uint8_t> ids(value.size());
  TRY(memory_.read(by_id, ids));
  for (std::size_t at = 0; at + sizeof(std::uint64_t) <= value.size();
       at += sizeof(std::uint64_t)) {
    std::uint64_t pointer = 0;
    std::uint64_t id = 0;
    std::memcpy(&pointer, value.data() + at, sizeof pointer);
    std::memcpy(&id, ids.data() + at, sizeof id);
    if (id != 0 && id != pointer && id <= UINT32_MAX) {
      reading.entries.programs.emplace(pointer, static_cast<std::uint32_t>(id));
    }
  }
  reading.entries.all.push_back(std::move(entry));
  return {};
}

Result<MapEntries> BpfWalk::entries(const MapFacts& map, std::uint32_t most,
                                    std::uint64_t most_bytes) {
  Reading reading{.map = map,
                  .most = most,
                  .bytes_left = most_bytes,
                  .cpus = TRY(view_->cpus()),
                  .budget = {},
                  .entries = {}};
  Result<> read;
  reading.entries.known = true;
  switch (map.type) {
  case kArray:
  case kPerCpuArray:
    read = read_array(reading);
    break;
  case kHash:
  case kPerCpuHash:
  case kLruHash:
  case kLruPerCpuHash:
    read = read_hash(reading);
    break;
  case kStructOps:
    read = read_struct_ops(reading);
    break;
  default:
    reading.entries.known = false;
  }
  if (!read) {
    return std::unexpected(std::move(read).error().context(name_of(map)));
  }
  return std::move(reading.entries);
}

Result<std::vector<std::uint8_t>> BpfWalk::types_of(const MapFacts& map) {
  auto btf = TRY(StructReader::of(view_->facts().types, memory_, "btf"));
  const std::uint64_t data = TRY(btf.number(map.btf, "data"));
  const std::uint64_t bytes = TRY(btf.number(map.btf, "data_size"));
  if (bytes == 0 || bytes > kMaxBtfBytes) {
    return fail(StatusCode::kBadData,
                name_of(map) + " has types of " + std::to_string(bytes) + " bytes");
  }
  std::vector<std::uint8_t> blob(bytes);
  TRY(memory_.read(data, blob));
  return blob;
}

} // namespace schedrig::kernel_view
