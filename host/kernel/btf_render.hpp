// SPDX-License-Identifier: MIT
// Values of any type that BTF has, rendered: as JSON by BtfTypes::render, and that as text.
//
// Integers are numbers (wider than 64 bits: hexadecimal text), bool is true or false, an
// enumeration is its name where the value has one, an array of characters is text where it is
// printable, a pointer is text, "0xffffffff81000000 schedule+0x10" where somebody knows the place.
// Members of anonymous structures are their parent's. An array without a length at the end takes
// what bytes there are. What lies behind the bytes given is null; what a limit cuts off is "...".
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "host/json/value.hpp"
#include "host/kernel/btf_types.hpp"

namespace schedrig::kernel {

struct RenderOptions {
  // "" where nothing is known of the place.
  std::function<std::string(std::uint64_t pointer)> name_of_pointer;
  int depth = 12;                 // struct task_struct has nine levels
  std::uint32_t elements = 1'024; // of one array
  std::uint32_t values = 20'000;  // of all; task_struct has some 2,000
};

// "{ .pid = 17, .comm = "init", .cpus = [1, 2] }", on one line.
[[nodiscard]] std::string to_text(const json::Value& rendered);

} // namespace schedrig::kernel
