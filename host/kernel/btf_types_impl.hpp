// SPDX-License-Identifier: MIT
// What BtfTypes is made of: libbpf's table of types, and how members are looked for. For the files
// of BtfTypes only.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <bpf/btf.h>

#include "host/kernel/btf_types.hpp"

namespace schedrig::kernel {

// A hostile blob may have rings of types. Of typedefs, qualifiers and arrays in a row real kernels
// have ten; of members that one look-up passes, those of task_struct, some 500.
inline constexpr int kBtfMaxDepth = 32;
inline constexpr std::uint32_t kBtfMaxMembers = 100'000;

struct FreeBtfTypes {
  void operator()(btf* types) const { btf__free(types); }
};

// "bits[3]" is a name and an index.
struct BtfStep {
  std::string_view name;
  std::optional<std::uint32_t> index;
};

class BtfTypes::Impl {
 public:
  explicit Impl(btf* types) : types_(types) {}

  [[nodiscard]] Result<std::uint32_t> structure(std::string_view name) const;
  [[nodiscard]] Result<FieldPlace> field(std::uint32_t id, std::string_view path) const;
  [[nodiscard]] const btf_type* type(std::uint32_t id) const {
    return btf__type_by_id(types_.get(), id);
  }
  [[nodiscard]] std::uint32_t type_count() const { return btf__type_cnt(types_.get()); }
  // Bytes of a value; less than 0: it has no size.
  [[nodiscard]] std::int64_t size_of(std::uint32_t id) const {
    return btf__resolve_size(types_.get(), id);
  }

  struct Found {
    std::uint32_t type = 0;
    std::uint64_t bit_offset = 0;
    std::uint32_t bits = 0;
  };

  struct Limits {
    int depth = kBtfMaxDepth;
    std::uint32_t members = kBtfMaxMembers;
  };

  [[nodiscard]] std::string_view name_of(std::uint32_t offset) const {
    const char* const text = btf__name_by_offset(types_.get(), offset);
    return text == nullptr ? std::string_view() : std::string_view(text);
  }
  // Behind typedefs and qualifiers.
  [[nodiscard]] std::uint32_t plain(std::uint32_t id) const;
  [[nodiscard]] std::string spell(std::uint32_t id, int depth = 0) const;
  // Calls visit(name, where and what) for the structure's members, those of anonymous ones
  // included, or for the variables of a section, until it returns true.
  template <class Visit>
  bool visit_members(std::uint32_t structure, std::uint64_t bit_offset, Limits& limits,
                     Visit&& visit) const;

 private:
  template <class Visit>
  bool visit_variables(const btf_type& section, Limits& limits, Visit&& visit) const;
  [[nodiscard]] std::optional<Found> member(std::uint32_t structure, std::string_view name) const;
  [[nodiscard]] std::unexpected<Error> no_member(std::uint32_t structure,
                                                 std::string_view name) const;
  [[nodiscard]] Result<Found> element(const Found& array, const BtfStep& step) const;

  std::unique_ptr<btf, FreeBtfTypes> types_;
};

template <class Visit>
bool BtfTypes::Impl::visit_members(std::uint32_t structure, std::uint64_t bit_offset,
                                   Limits& limits, Visit&& visit) const {
  const btf_type* composite = type(structure);
  if (composite != nullptr && btf_is_datasec(composite)) {
    return visit_variables(*composite, limits, visit);
  }
  if (composite == nullptr || !btf_is_composite(composite) || limits.depth == 0) {
    return false;
  }
  for (std::uint32_t i = 0; i < btf_vlen(composite) && limits.members > 0; ++i) {
    --limits.members;
    const btf_member& each = btf_members(composite)[i];
    const Found found{.type = each.type,
                      .bit_offset = bit_offset + btf_member_bit_offset(composite, i),
                      .bits = btf_member_bitfield_size(composite, i)};
    if (each.name_off == 0) {
      --limits.depth;
      if (visit_members(plain(each.type), found.bit_offset, limits, visit)) {
        return true;
      }
      ++limits.depth;
    } else if (visit(name_of(each.name_off), found)) {
      return true;
    }
  }
  return false;
}

template <class Visit>
bool BtfTypes::Impl::visit_variables(const btf_type& section, Limits& limits, Visit&& visit) const {
  for (std::uint32_t i = 0; i < btf_vlen(&section) && limits.members > 0; ++i) {
    --limits.members;
    const btf_var_secinfo& place = btf_var_secinfos(&section)[i];
    const btf_type* variable = type(place.type);
    if (variable != nullptr && btf_is_var(variable) &&
        visit(name_of(variable->name_off), Found{.type = variable->type,
                                                 .bit_offset = std::uint64_t{place.offset} * 8,
                                                 .bits = 0})) {
      return true;
    }
  }
  return false;
}

} // namespace schedrig::kernel
