// SPDX-License-Identifier: MIT
// Look-ups in BTF by name: members, enumerators, variables. Thread: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <bpf/btf.h>

namespace schedrig::scx {

[[nodiscard]] inline std::string_view btf_name(const btf& types, std::uint32_t offset) {
  const char* const name = btf__name_by_offset(&types, offset);
  return name == nullptr ? std::string_view{} : name;
}

// Without typedefs and qualifiers. Null for void and for ids that the BTF does not have.
[[nodiscard]] inline const btf_type* plain_type(const btf& types, std::uint32_t id) {
  const btf_type* type = btf__type_by_id(&types, id);
  while (type != nullptr && (btf_is_mod(type) || btf_is_typedef(type))) {
    type = btf__type_by_id(&types, type->type);
  }
  return type == nullptr || btf_is_void(type) ? nullptr : type;
}

// "sched_ext_ops" of "sched_ext_ops___old": authors add such an ending to a name of their own.
[[nodiscard]] inline std::string_view without_flavour(std::string_view name) {
  return name.substr(0, name.find("___"));
}

[[nodiscard]] inline std::optional<std::uint32_t>
member_index(const btf& types, const btf_type& record, std::string_view name) {
  for (std::uint32_t i = 0; i < btf_vlen(&record); ++i) {
    if (btf_name(types, btf_members(&record)[i].name_off) == name) {
      return i;
    }
  }
  return std::nullopt;
}

// Calls visit(name, value) for each enumerator of an enum of either width; of a signed one the
// value is extended by its sign.
template <class Visit>
void for_each_enumerator(const btf& types, const btf_type& type, Visit&& visit) {
  for (std::uint32_t i = 0; i < btf_vlen(&type); ++i) {
    if (btf_is_enum64(&type)) {
      const struct btf_enum64& one = btf_enum64(&type)[i];
      visit(btf_name(types, one.name_off), btf_enum64_value(&one));
    } else if (btf_is_enum(&type)) {
      const struct btf_enum& one = btf_enum(&type)[i];
      visit(btf_name(types, one.name_off),
            btf_kflag(&type) ? static_cast<std::uint64_t>(static_cast<std::int64_t>(one.val))
                             : static_cast<std::uint32_t>(one.val));
    }
  }
}

[[nodiscard]] inline std::optional<std::uint64_t> enumerator(const btf& types, const btf_type& type,
                                                             std::string_view name) {
  std::optional<std::uint64_t> found;
  for_each_enumerator(types, type, [&](std::string_view each, std::uint64_t value) {
    found = each == name ? value : found;
  });
  return found;
}

} // namespace schedrig::scx
