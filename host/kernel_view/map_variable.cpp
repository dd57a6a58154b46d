// SPDX-License-Identifier: MIT
#include <string_view>
#include <utility>
#include <vector>

#include "host/kernel_view/bpf_walk.hpp"
#include "host/text/nearest.hpp"
#include "host/text/quote.hpp"

namespace schedrig::kernel_view {
namespace {

constexpr std::uint32_t kArray = 2; // BPF_MAP_TYPE_ARRAY

Result<MapFacts> find_map(const std::vector<MapFacts>& maps, std::string_view name) {
  std::vector<std::string_view> names;
  for (const MapFacts& map : maps) {
    if (map.name == name) {
      return map;
    }
    names.push_back(map.name);
  }
  constexpr std::size_t kMostBytes = 15; // BPF_OBJ_NAME_LEN without the zero
  const std::string cut =
      name.size() > kMostBytes ? "the kernel keeps 15 characters of a name; " : "";
  return fail(StatusCode::kNotFound, "the kernel has no BPF map " + text::quote(name),
              cut + text::suggest(name, names, "maps"));
}

} // namespace

Result<Places> map_variable(const KernelView& view, const MapTarget& target, std::uint64_t bytes) {
  auto walk = TRY(BpfWalk::of(view));
  const std::vector<MapFacts> maps = TRY(walk.maps());
  const MapFacts map = TRY(find_map(maps, target.name));
  if (map.type != kArray || map.max_entries != 1 || map.btf == 0 || map.value_type == 0) {
    return fail(StatusCode::kInvalidArgument,
                "BPF map " + text::quote(target.name) + " holds no global variables",
                "those are in the maps of an object's .bss, .data and .rodata");
  }
  const std::vector<std::uint8_t> blob = TRY(walk.types_of(map));
  const auto types = TRY(kernel::BtfTypes::read(std::as_bytes(std::span(blob))));
  const kernel::FieldPlace field = TRY(types.field(map.value_type, target.field));
  TRY(check_width(field, target.field, bytes));
  if (field.offset > map.value_bytes || field.bytes > map.value_bytes - field.offset) {
    return fail(StatusCode::kBadData,
                text::quote(target.field) + " lies behind the end of " + text::quote(target.name));
  }
  const std::uint64_t values = TRY(walk.array_values(map));
  return view.kva({values + field.offset}, bytes);
}

} // namespace schedrig::kernel_view
