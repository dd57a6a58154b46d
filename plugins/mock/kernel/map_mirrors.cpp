// SPDX-License-Identifier: MIT
#include "plugins/mock/kernel/map_mirrors.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace schedrig::mock {
namespace {

constexpr std::uint32_t kArrayMap = 2;   // BPF_MAP_TYPE_ARRAY, include/uapi/linux/bpf.h
constexpr std::uint64_t kInternal = 2;   // an entry of an xarray that is a node
constexpr std::uint8_t kShiftOfRoot = 6; // bits of an index that a node takes
constexpr std::uint32_t kIds = guest::kSlotsOfNode * guest::kSlotsOfNode; // of two levels
constexpr std::uint32_t kU64 = 2; // in the table of types below
constexpr std::uint64_t kWordBytes = sizeof(std::uint64_t);
constexpr std::size_t kNameOfObject = 8; // bpf_object's, within a map's 15: internal_map_name()

class Blob final : public BytesSink {
 public:
  void on_bytes(std::span<const std::uint8_t> bytes) noexcept override {
    all.assign(bytes.begin(), bytes.end());
  }
  std::vector<std::uint8_t> all;
};

} // namespace

Result<> MapMirrors::reserve(AddressSpace& space, Area& area, std::uint64_t bytes) {
  if (area.bytes < bytes) {
    area = {.physical = TRY(space.allocate(bytes)), .bytes = bytes};
  }
  return {};
}

// Returns the number of the section's type.
Result<std::uint32_t> MapMirrors::create_types(AddressSpace& space, BtfEncoder& encoder, Map& map,
                                               const Section& section) {
  std::vector<BtfType> types = {
      {.kind = BtfKind::kInteger, .bytes = 4, .name = "unsigned int"},
      {.kind = BtfKind::kInteger, .bytes = kWordBytes, .name = "long long unsigned int"}};
  std::vector<BtfMember> variables;
  for (const SchedulerWord& word : section.words) {
    types.push_back({.kind = BtfKind::kVariable, .name = word.name, .type = kU64});
    variables.push_back({.type = static_cast<std::uint32_t>(types.size()),
                         .value = static_cast<std::uint32_t>(variables.size() * kWordBytes)});
  }
  types.push_back({.kind = BtfKind::kSection,
                   .bytes = static_cast<std::uint32_t>(variables.size() * kWordBytes),
                   .name = section.suffix,
                   .members = variables});
  Blob blob;
  TRY(from_status(encoder.encode(types, blob)));
  TRY(reserve(space, map.types, blob.all.size()));
  TRY(reserve(space, map.btf, sizeof(guest::BtfObject)));
  space.ram().write(map.types.physical, blob.all);
  space.ram().put(map.btf.physical,
                  guest::BtfObject{.data = space.direct(map.types.physical),
                                   .data_size = static_cast<std::uint32_t>(blob.all.size())});
  return static_cast<std::uint32_t>(types.size());
}

Result<> MapMirrors::create(AddressSpace& space, const Sources& from, Map& map,
                            const Section& section, std::uint32_t id) {
  const std::uint64_t value_bytes = section.words.size() * kWordBytes;
  TRY(reserve(space, map.map, sizeof(guest::BpfMap) + value_bytes));
  guest::BpfMap now;
  now.map_type = kArrayMap;
  now.key_size = sizeof(std::uint32_t);
  now.value_size = static_cast<std::uint32_t>(value_bytes);
  now.max_entries = 1;
  now.id = id;
  const std::string name =
      from.scheduler->name.substr(0, kNameOfObject) + std::string(section.suffix);
  std::copy_n(name.begin(), std::min(name.size(), now.name.size() - 1), now.name.begin());
  if (from.encoder != nullptr) {
    now.btf_value_type_id = TRY(create_types(space, *from.encoder, map, section));
    now.btf = space.direct(map.btf.physical);
  }
  space.ram().put(map.map.physical, now);
  map.id = id;
  map.name.assign(now.name.data());
  map.stored.assign(section.words.size(), 0);
  for (std::size_t i = 0; i < section.words.size(); ++i) {
    space.ram().put(map.map.physical + sizeof now + i * kWordBytes, std::uint64_t{0});
  }
  return {};
}

void MapMirrors::add(Ram& ram, Map& map, const Section& section) {
  for (std::size_t i = 0; i < section.words.size(); ++i) {
    const std::uint64_t value = section.words[i].value;
    const std::uint64_t at = map.map.physical + sizeof(guest::BpfMap) + i * kWordBytes;
    if (value != map.stored[i]) {
      ram.put(at, ram.get<std::uint64_t>(at) + (value - map.stored[i]));
      map.stored[i] = value;
    }
  }
}

Result<> MapMirrors::list(AddressSpace& space) {
  std::map<std::uint32_t, std::map<std::uint32_t, std::uint64_t>> leaves; // slots, slots, address
  const auto add = [&](const Map& map) {
    if (!map.stored.empty()) {
      leaves[map.id / guest::kSlotsOfNode][map.id % guest::kSlotsOfNode] =
          space.direct(map.map.physical);
    }
  };
  std::ranges::for_each(kept_, add);
  std::ranges::for_each(maps_, add);
  if (leaves.empty()) {
    space.ram().put(space.image_physical(layout::kMapIdr), guest::Idr{});
    return {};
  }
  TRY(reserve(space, root_, sizeof(guest::XaNode)));
  guest::XaNode root;
  root.shift = kShiftOfRoot;
  for (const auto& [slot, maps] : leaves) {
    Area& area = leaves_[slot];
    TRY(reserve(space, area, sizeof(guest::XaNode)));
    guest::XaNode leaf;
    for (const auto& [place, address] : maps) {
      leaf.slots.at(place) = address;
    }
    space.ram().put(area.physical, leaf);
    root.slots.at(slot) = space.direct(area.physical) + kInternal;
  }
  space.ram().put(root_.physical, root);
  space.ram().put(space.image_physical(layout::kMapIdr),
                  guest::Idr{.xa_head = space.direct(root_.physical) + kInternal});
  return {};
}

void MapMirrors::leave() {
  for (Map& map : maps_) {
    if (map.pinned) {
      kept_.push_back(std::exchange(map, {}));
      if (!spare_.empty()) {
        map = std::move(spare_.back());
        spare_.pop_back();
      }
    }
    map.stored.clear();
  }
  attachment_ = 0;
}

bool MapMirrors::pin(std::string_view name) {
  const auto named = [name](const Map& map) { return !map.stored.empty() && map.name == name; };
  if (std::ranges::any_of(kept_, named)) {
    return true;
  }
  const auto found = std::ranges::find_if(maps_, named);
  if (found == maps_.end()) {
    return false;
  }
  found->pinned = true;
  return true;
}

std::vector<std::string> MapMirrors::names() const {
  std::vector<std::string> names;
  for (const Map& map : kept_) {
    names.push_back(map.name);
  }
  for (const Map& map : maps_) {
    if (!map.stored.empty() && std::ranges::find(names, map.name) == names.end()) {
      names.push_back(map.name);
    }
  }
  return names;
}

Result<> MapMirrors::unpin_all(AddressSpace& space) {
  for (Map& map : maps_) {
    map.pinned = false;
  }
  for (Map& map : kept_) {
    map.pinned = false;
    map.stored.clear();
    spare_.push_back(std::move(map));
  }
  kept_.clear();
  return root_.bytes == 0 ? Result<>() : list(space);
}

Result<> MapMirrors::store(AddressSpace& space, const Sources& from) {
  if (from.scheduler == nullptr) {
    if (attachment_ != 0) {
      leave();
      TRY(list(space));
    }
    return {};
  }
  const std::array<Section, 2> sections = {Section{".bss", from.scheduler->counters},
                                           Section{".rodata", from.scheduler->parameters}};
  const bool typed = from.encoder != nullptr;
  if (attachment_ != 0 && attachment_ != from.scheduler->attachment) {
    leave();
  }
  if (attachment_ != from.scheduler->attachment || typed_ != typed) {
    const auto first_id =
        static_cast<std::uint32_t>(from.scheduler->attachment * sections.size() % kIds);
    for (std::uint32_t i = 0; i < maps_.size(); ++i) {
      maps_.at(i).stored.clear();
      if (!sections.at(i).words.empty()) {
        TRY(create(space, from, maps_.at(i), sections.at(i), first_id + i));
      }
    }
    TRY(list(space));
    attachment_ = from.scheduler->attachment;
    typed_ = typed;
  }
  for (std::size_t i = 0; i < maps_.size(); ++i) {
    add(space.ram(), maps_.at(i), sections.at(i));
  }
  return {};
}

} // namespace schedrig::mock
