// SPDX-License-Identifier: MIT
// AML encoders: the handful of node kinds our DSDT needs, as functions that return bytes.
//
// Source: ACPI 6.5, chapter 20 (AML grammar), 6.4 (resource descriptors), 5.6.4 (EISA ids).
// Arguments come from our own code: names must be 1-4 characters of [A-Z0-9_] and are not checked
// again here. Thread: any (pure).
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace schedrig::kvm::aml {

using Bytes = std::vector<std::uint8_t>;

[[nodiscard]] Bytes concat(std::initializer_list<Bytes> parts);
[[nodiscard]] Bytes name_segment(std::string_view name); // padded with '_' to 4
[[nodiscard]] Bytes integer(std::uint64_t value);
[[nodiscard]] Bytes eisa_id(std::string_view id); // "PNP0A03"
[[nodiscard]] Bytes buffer(const Bytes& data);
[[nodiscard]] Bytes package(std::initializer_list<Bytes> elements);
[[nodiscard]] Bytes name(std::string_view name, const Bytes& value);
[[nodiscard]] Bytes device(std::string_view name, const Bytes& body);
[[nodiscard]] Bytes scope_system_bus(const Bytes& body); // Scope (\_SB)

// Resource descriptors; [first, last] inclusive. end_tag() closes a template.
[[nodiscard]] Bytes word_bus_number(std::uint16_t first, std::uint16_t last);
[[nodiscard]] Bytes io_ports(std::uint16_t first, std::uint8_t count);
[[nodiscard]] Bytes word_io(std::uint16_t first, std::uint16_t last);
[[nodiscard]] Bytes dword_memory(std::uint32_t first, std::uint32_t last);
[[nodiscard]] Bytes end_tag();

// The PkgLength of a body of `body_bytes`: it counts its own bytes, too.
[[nodiscard]] Bytes package_length(std::size_t body_bytes);

} // namespace schedrig::kvm::aml
