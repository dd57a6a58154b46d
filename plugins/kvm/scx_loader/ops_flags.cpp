// SPDX-License-Identifier: MIT
#include "scx_loader/ops_flags.hpp"

#include <string>
#include <string_view>

#include "scx_loader/btf_names.hpp"

namespace schedrig::scx {

std::uint64_t translated_flags(const btf& object, const btf& kernel, std::uint64_t value,
                               const NoteSink& note) {
  const auto find = [](const btf& types) -> const btf_type* {
    for (const std::uint32_t kind :
         {std::uint32_t{BTF_KIND_ENUM}, std::uint32_t{BTF_KIND_ENUM64}}) {
      if (const std::int32_t id = btf__find_by_name_kind(&types, "scx_ops_flags", kind); id > 0) {
        return btf__type_by_id(&types, static_cast<std::uint32_t>(id));
      }
    }
    return nullptr;
  };
  const btf_type* const theirs = find(object);
  const btf_type* const ours = find(kernel);
  if (theirs == nullptr || ours == nullptr) {
    note("the flags are as they were compiled: " +
         std::string(theirs == nullptr ? "the object's" : "this kernel's") +
         " BTF has no enum scx_ops_flags");
    return value;
  }
  std::uint64_t result = 0;
  std::uint64_t named = 0;
  for_each_enumerator(object, *theirs, [&](std::string_view name, std::uint64_t bit) {
    if ((bit & (bit - 1)) != 0 || (value & bit) == 0) {
      return; // of several bits, or not set
    }
    named |= bit;
    if (const auto here = enumerator(kernel, *ours, name)) {
      result |= *here;
    } else {
      note("flag " + std::string(name) + " is left out: this kernel has none");
    }
  });
  return result | (value & ~named);
}

} // namespace schedrig::scx
