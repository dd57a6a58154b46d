// SPDX-License-Identifier: MIT
// The BPF maps of the attached scheduler in the machine's memory, as libbpf makes them of an
// object's sections: NAME.bss counts what its callbacks did, NAME.rodata has its parameters. Each
// is an array of one value, with the types of its variables, found by id in map_idr. They go with
// the scheduler, but for those that are pinned. Thread: one.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <schedrig/kernel_image.hpp>
#include <schedrig/result.hpp>

#include "plugins/mock/kernel/address_space.hpp"
#include "plugins/mock/kernel/mirror.hpp"
#include "plugins/mock/kernel/sources.hpp"

namespace schedrig::mock {

class MapMirrors {
 public:
  // Without an encoder maps have no types. kUnsupported: memory is full.
  Result<> store(AddressSpace& space, const Sources& from);

  // The map of that name stays in memory, as last stored, when its scheduler leaves. Of several the
  // oldest.
  // False: there is none. Both as of the last store().
  [[nodiscard]] bool pin(std::string_view name);
  [[nodiscard]] std::vector<std::string> names() const;
  // What was pinned goes, if its scheduler has left.
  Result<> unpin_all(AddressSpace& space);

 private:
  struct Area { // used again by the next scheduler where it is large enough
    std::uint64_t physical = 0;
    std::uint64_t bytes = 0;
  };
  struct Map {
    Area map; // struct bpf_array and its value
    Area types;
    Area btf;                          // struct btf
    std::vector<std::uint64_t> stored; // the value's words; empty: there is no such map
    std::string name;
    std::uint32_t id = 0;
    bool pinned = false;
  };
  struct Section {
    std::string_view suffix;
    std::vector<SchedulerWord> words;
  };

  static Result<> reserve(AddressSpace& space, Area& area, std::uint64_t bytes);
  Result<> create(AddressSpace& space, const Sources& from, Map& map, const Section& section,
                  std::uint32_t id);
  Result<std::uint32_t> create_types(AddressSpace& space, BtfEncoder& encoder, Map& map,
                                     const Section& section);
  // Of those that are there, by id.
  Result<> list(AddressSpace& space);
  // The scheduler has left.
  void leave();
  static void add(Ram& ram, Map& map, const Section& section);

  std::array<Map, 2> maps_;
  std::uint64_t attachment_ = 0; // whose maps they are; 0: nobody's
  bool typed_ = false;
  std::vector<Map> kept_;                // pinned, of schedulers that have left, the oldest first
  std::vector<Map> spare_;               // memory of those that were
  Area root_;                            // of map_idr
  std::map<std::uint32_t, Area> leaves_; // by the root's slot
};

} // namespace schedrig::mock
