// SPDX-License-Identifier: MIT
// The BPF maps of the attached scheduler in the machine's memory, as libbpf makes them of an
// object's sections: NAME.bss counts what its callbacks did, NAME.rodata has its parameters. Each
// is an array of one value, with the types of its variables, found by id in map_idr. Thread: one.
#pragma once

#include <array>
#include <cstdint>
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

 private:
  struct Area { // used again by the next scheduler where it is large enough
    std::uint64_t physical = 0;
    std::uint64_t bytes = 0;
  };
  struct Map {
    Area map; // struct bpf_array and its value
    Area types;
    Area btf;                          // struct btf
    std::vector<std::uint64_t> stored; // the value's words
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
  Result<> list(AddressSpace& space, std::uint32_t first_id);
  static void add(Ram& ram, Map& map, const Section& section);

  std::array<Map, 2> maps_;
  std::uint64_t attachment_ = 0; // whose maps they are; 0: nobody's
  bool typed_ = false;
  Area root_; // of map_idr
  Area leaf_;
};

} // namespace schedrig::mock
