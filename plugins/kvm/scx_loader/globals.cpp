// SPDX-License-Identifier: MIT
#include "scx_loader/globals.hpp"

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <map>

#include "scx_loader/btf_names.hpp"

namespace schedrig::scx {
namespace {

// More names than these are no help.
constexpr std::size_t kNamesInError = 20;

// Calls visit(name, variable) for each variable of the object's sections of data.
template <class Visit> void for_each_variable(const bpf_object& object, Visit&& visit) {
  const btf& types = *bpf_object__btf(&object);
  bpf_map* map = nullptr;
  bpf_object__for_each_map(map, &object) {
    const btf_type* const section = btf__type_by_id(&types, bpf_map__btf_value_type_id(map));
    if (!bpf_map__is_internal(map) || section == nullptr || !btf_is_datasec(section)) {
      continue;
    }
    for (std::uint32_t i = 0; i < btf_vlen(section); ++i) {
      const btf_var_secinfo& place = btf_var_secinfos(section)[i];
      const btf_type* const variable = btf__type_by_id(&types, place.type);
      visit(btf_name(types, variable->name_off),
            Variable{map, place.offset, place.size, plain_type(types, variable->type)});
    }
  }
}

std::unexpected<Error> takes(std::string_view name, std::string_view what,
                             const std::string& value) {
  return fail(StatusCode::kInvalidArgument, "global " + std::string(name) + " takes " +
                                                std::string(what) + ", not \"" + value + "\"");
}

Result<std::uint64_t> number(std::string_view name, const std::string& value, std::size_t size,
                             bool is_signed) {
  if (value == "true" || value == "false") {
    return value == "true" ? 1 : 0;
  }
  const unsigned bits = static_cast<unsigned>(8 * size);
  const bool negative = value.starts_with('-');
  const std::string what = (is_signed ? "a signed number of " : "an unsigned number of ") +
                           std::to_string(bits) + " bits";
  char* end = nullptr;
  errno = 0;
  const std::uint64_t magnitude = std::strtoull(value.c_str() + (negative ? 1 : 0), &end, 0);
  if (errno != 0 || value.empty() || *end != '\0' || end == value.c_str() + (negative ? 1 : 0) ||
      (negative && !is_signed)) {
    return takes(name, what, value);
  }
  const std::uint64_t highest =
      std::numeric_limits<std::uint64_t>::max() >> (64U - bits + (is_signed ? 1U : 0U));
  if (magnitude > highest + (negative ? 1 : 0)) {
    return takes(name, what, value);
  }
  return negative ? 0 - magnitude : magnitude;
}

Result<std::string> encoded(const btf& types, std::string_view name, const Variable& variable,
                            const std::string& value) {
  const btf_type& type = *variable.type;
  if (btf_is_array(&type)) {
    const btf_type* const element = plain_type(types, btf_array(&type)->type);
    if (element == nullptr || !btf_is_int(element) || element->size != 1) {
      return fail(StatusCode::kUnsupported,
                  "global " + std::string(name) + " is an array of something else than char");
    }
    if (value.size() >= variable.size) {
      return takes(name, "up to " + std::to_string(variable.size - 1) + " bytes", value);
    }
    std::string text = value;
    text.resize(variable.size);
    return text;
  }
  std::uint64_t wanted = 0;
  if (btf_is_any_enum(&type)) {
    const auto named = enumerator(types, type, value);
    wanted = named ? *named : TRY(number(name, value, variable.size, btf_kflag(&type)));
  } else if (btf_is_int(&type) && variable.size <= sizeof wanted) {
    wanted =
        TRY(number(name, value, variable.size, (btf_int_encoding(&type) & BTF_INT_SIGNED) != 0));
  } else {
    return fail(StatusCode::kUnsupported,
                "global " + std::string(name) + " is neither a number nor a text");
  }
  return std::string(reinterpret_cast<const char*>(&wanted), variable.size);
}

Result<> write(const Variable& variable, std::string_view bytes) {
  std::size_t size = 0;
  // Before the load it is memory of this process.
  void* const values = const_cast<void*>(bpf_map__initial_value(variable.map, &size));
  if (values == nullptr || variable.offset > size || size - variable.offset < bytes.size()) {
    return fail(StatusCode::kBadData, "the object's BTF is damaged: a variable lies outside");
  }
  std::memcpy(static_cast<char*>(values) + variable.offset, bytes.data(), bytes.size());
  return {};
}

} // namespace

std::optional<Variable> find_variable(const bpf_object& object, std::string_view name) {
  std::optional<Variable> found;
  for_each_variable(object, [&](std::string_view each, const Variable& variable) {
    if (each == name && variable.type != nullptr) {
      found = variable;
    }
  });
  return found;
}

Result<> set_variable(const bpf_object& object, std::string_view name, const std::string& value) {
  const auto variable = find_variable(object, name);
  if (!variable) {
    std::string names;
    std::size_t count = 0;
    for_each_variable(object, [&](std::string_view each, const Variable&) {
      if (!each.starts_with("__") && ++count <= kNamesInError) {
        names += (names.empty() ? "it has " : ", ") + std::string(each);
      }
    });
    return fail(StatusCode::kNotFound, "the object has no global " + std::string(name),
                names.empty() ? "it has none" : names);
  }
  return write(*variable, TRY(encoded(*bpf_object__btf(&object), name, *variable, value)));
}

void fill_enumerators(const bpf_object& object, const btf& kernel) {
  constexpr std::string_view kPrefix = "__SCX_";
  std::map<std::string, Variable> wanted;
  for_each_variable(object, [&](std::string_view name, const Variable& variable) {
    if (name.starts_with(kPrefix) && variable.size <= sizeof(std::uint64_t)) {
      wanted.emplace(name.substr(2), variable);
    }
  });
  if (wanted.empty()) {
    return;
  }
  for (std::uint32_t id = 1; id < btf__type_cnt(&kernel); ++id) {
    const btf_type& type = *btf__type_by_id(&kernel, id);
    if (!btf_is_any_enum(&type) || !btf_name(kernel, type.name_off).starts_with("scx_")) {
      continue;
    }
    for_each_enumerator(kernel, type, [&](std::string_view name, std::uint64_t value) {
      if (const auto found = wanted.find(std::string(name)); found != wanted.end()) {
        [[maybe_unused]] const auto written =
            write(found->second, {reinterpret_cast<const char*>(&value), found->second.size});
      }
    });
  }
}

} // namespace schedrig::scx
