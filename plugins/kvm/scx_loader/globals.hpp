// SPDX-License-Identifier: MIT
// The global variables of an object, by their names and the types that its BTF gives them.
// Thread: one.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include <schedrig/result.hpp>

namespace schedrig::scx {

struct Variable {
  bpf_map* map = nullptr;
  std::size_t offset = 0; // in the map's value
  std::size_t size = 0;
  const btf_type* type = nullptr; // without typedefs and qualifiers
};

// Before or after the object is loaded.
[[nodiscard]] std::optional<Variable> find_variable(const bpf_object& object,
                                                    std::string_view name);

// Sets the value that a variable starts with; before the object is loaded. `value`: a number in
// any base of C, true or false, the name of an enumerator, or a text for an array of char. Errors:
// kNotFound names what is there; kInvalidArgument says what the type takes.
[[nodiscard]] Result<> set_variable(const bpf_object& object, std::string_view name,
                                    const std::string& value);

// Gives read-only variables called __SCX_... the running kernel's value of the enumerator SCX_...,
// which is how an object asks for it. One that the kernel lacks stays zero.
void fill_enumerators(const bpf_object& object, const btf& kernel);

} // namespace schedrig::scx
