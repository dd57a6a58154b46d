// SPDX-License-Identifier: MIT
// ACPI tables: checksums and pointers by an independent walk, contents by field, and iasl's
// opinion.
#include <array>
#include <cstdlib>
#include <fstream>
#include <numeric>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

#include "guest_fixture.hpp"
#include "vmm/acpi/aml.hpp"
#include "vmm/acpi/tables.hpp"

namespace schedrig::kvm {
namespace {

std::uint64_t little_endian(const std::vector<std::uint8_t>& bytes, std::size_t at,
                            std::size_t count) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    value |= std::uint64_t{bytes.at(at + i)} << (8 * i);
  }
  return value;
}

AcpiTables build(const Topology& topology, std::uint64_t memory_bytes = 512ULL << 20) {
  const auto layout = lay_out_apic_ids(topology.view());
  const auto memory = node_memory(topology.view(), memory_bytes);
  if (!layout || !memory) {
    ADD_FAILURE() << "layout";
    return {};
  }
  auto tables = build_acpi(topology.view(), *layout, *memory, kAcpiAddress, kAcpiRoom);
  EXPECT_TRUE(tables.has_value());
  return tables.value_or(AcpiTables{});
}

const AcpiTable& find(const AcpiTables& tables, const std::string& signature) {
  static const AcpiTable none;
  for (const AcpiTable& table : tables.tables) {
    if (table.signature == signature) {
      return table;
    }
  }
  ADD_FAILURE() << signature << " is missing";
  return none;
}

int sum(const std::vector<std::uint8_t>& bytes, std::size_t count) {
  return std::accumulate(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count), 0) &
         0xff;
}

TEST(Acpi, every_table_sums_to_zero_and_states_its_length) {
  const AcpiTables tables = build(Topology::uniform(2, 4, 1, 2));
  ASSERT_EQ(tables.tables.size(), 7U);
  for (const AcpiTable& table : tables.tables) {
    EXPECT_EQ(sum(table.bytes, table.bytes.size()), 0) << table.signature;
    const std::size_t length_at = table.signature == "RSD PTR " ? 20 : 4;
    EXPECT_EQ(little_endian(table.bytes, length_at, 4), table.bytes.size()) << table.signature;
  }
  const AcpiTable& rsdp = find(tables, "RSD PTR ");
  EXPECT_EQ(sum(rsdp.bytes, 20), 0); // the ACPI 1.0 part alone
}

TEST(Acpi, every_table_is_reached_from_the_root_pointer_and_none_overlaps) {
  const AcpiTables tables = build(Topology::uniform(1, 2, 2, 2));
  const AcpiTable& xsdt = find(tables, "XSDT");
  EXPECT_EQ(little_endian(find(tables, "RSD PTR ").bytes, 24, 8), xsdt.address);
  EXPECT_EQ(little_endian(find(tables, "FACP").bytes, 140, 8), find(tables, "DSDT").address);
  std::vector<std::uint64_t> listed;
  for (std::size_t at = 36; at < xsdt.bytes.size(); at += 8) {
    listed.push_back(little_endian(xsdt.bytes, at, 8));
  }
  for (const char* signature : {"FACP", "APIC", "SRAT", "SLIT"}) {
    EXPECT_NE(std::find(listed.begin(), listed.end(), find(tables, signature).address),
              listed.end())
        << signature;
  }
  Gpa end = kAcpiAddress;
  for (const AcpiTable& table : tables.tables) {
    EXPECT_GE(table.address, end) << table.signature;
    end = table.address + table.bytes.size();
  }
  EXPECT_LE(end, kAcpiAddress + kAcpiRoom);
}

TEST(Acpi, the_affinity_table_places_cpus_and_memory_as_the_topology_says) {
  Topology topology = Topology::uniform(2, 2, 2, 1);
  topology.nodes[1].memory_bytes = 128ULL << 20;
  const AcpiTables tables = build(topology);
  const auto& srat = find(tables, "SRAT").bytes;
  std::vector<std::uint64_t> cpu_nodes;
  std::vector<std::uint64_t> memory_bytes;
  std::uint64_t next_start = 0;
  for (std::size_t at = 48; at < srat.size(); at += srat.at(at + 1)) {
    if (srat.at(at) == 2) {
      cpu_nodes.push_back(little_endian(srat, at + 4, 4));
    } else {
      ASSERT_EQ(srat.at(at), 1);
      EXPECT_EQ(little_endian(srat, at + 8, 8), next_start);
      memory_bytes.push_back(little_endian(srat, at + 16, 8));
      next_start += memory_bytes.back();
    }
  }
  EXPECT_EQ(cpu_nodes, (std::vector<std::uint64_t>{0, 0, 1, 1}));
  EXPECT_EQ(memory_bytes, (std::vector<std::uint64_t>{384ULL << 20, 128ULL << 20}));
}

TEST(Acpi, a_node_that_the_device_hole_cuts_has_two_memory_ranges) {
  Topology topology = Topology::uniform(2, 2, 1, 1);
  topology.nodes[0].memory_bytes = 1536ULL << 20;
  const AcpiTables tables = build(topology, 4608ULL << 20);
  const auto& srat = find(tables, "SRAT").bytes;
  using Range = std::array<std::uint64_t, 3>; // node, start, bytes
  std::vector<Range> ranges;
  for (std::size_t at = 48; at < srat.size(); at += srat.at(at + 1)) {
    if (srat.at(at) == 1) {
      ranges.push_back({little_endian(srat, at + 2, 4), little_endian(srat, at + 8, 8),
                        little_endian(srat, at + 16, 8)});
    }
  }
  EXPECT_EQ(ranges, (std::vector<Range>{{0, 0, 1536ULL << 20},
                                        {1, 1536ULL << 20, 1536ULL << 20},
                                        {1, 4096ULL << 20, 1536ULL << 20}}));
}

TEST(Acpi, the_largest_machine_fits_into_the_room_for_tables) {
  const AcpiTables tables = build(Topology::uniform(8, 16, 2, 2));
  EXPECT_EQ(find(tables, "APIC").bytes.size(), 44U + 64U * 16U + 12U);
}

TEST(Acpi, distances_come_out_in_the_order_they_went_in) {
  Topology topology = Topology::uniform(2, 2, 1, 1);
  topology.distances = {10, 33, 33, 10};
  const AcpiTables tables = build(topology);
  const auto& slit = find(tables, "SLIT").bytes;
  EXPECT_EQ(little_endian(slit, 36, 8), 2U);
  EXPECT_EQ((std::vector<std::uint8_t>(slit.begin() + 44, slit.end())),
            (std::vector<std::uint8_t>{10, 33, 33, 10}));
}

TEST(Acpi, a_memory_only_node_before_cpus_is_refused_and_one_after_them_is_not) {
  Topology topology = Topology::uniform(1, 1, 2, 1);
  topology.nodes.push_back({.first_llc = 1, .llc_count = 0, .memory_bytes = 128ULL << 20});
  topology.distances = {10, 20, 20, 10};
  EXPECT_EQ(build(topology).tables.size(), 7U);

  topology.nodes = {{.first_llc = 0, .llc_count = 0}, {.first_llc = 0, .llc_count = 1}};
  const auto layout = lay_out_apic_ids(topology.view());
  ASSERT_TRUE(layout.has_value());
  const auto refused =
      build_acpi(topology.view(), *layout, {256U << 20U, 256U << 20U}, kAcpiAddress, kAcpiRoom);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, StatusCode::kUnsupported);
}

TEST(Acpi, tables_that_do_not_fit_are_an_error) {
  const Topology topology = Topology::uniform(1, 1, 1, 1);
  const auto layout = lay_out_apic_ids(topology.view());
  ASSERT_TRUE(layout.has_value());
  EXPECT_FALSE(build_acpi(topology.view(), *layout, {512U << 20U}, kAcpiAddress, 256).has_value());
}

TEST(Aml, a_package_length_counts_itself_at_every_encoding_boundary) {
  for (const std::size_t body : {0U, 62U, 63U, 4093U, 4094U, 4095U, 1048571U, 1048572U, 1048573U}) {
    const aml::Bytes encoded = aml::package_length(body);
    const std::size_t extra = encoded.at(0) >> 6U;
    ASSERT_EQ(encoded.size(), extra + 1);
    std::size_t decoded = extra == 0 ? encoded[0] & 0x3fU : encoded[0] & 0x0fU;
    for (std::size_t i = 0; i < extra; ++i) {
      decoded |= std::size_t{encoded[i + 1]} << (4 + 8 * i);
    }
    EXPECT_EQ(decoded, body + encoded.size()) << body;
  }
}

TEST(Aml, eisa_ids_are_compressed_as_the_specification_says) {
  EXPECT_EQ(aml::eisa_id("PNP0A03"), (aml::Bytes{0x0c, 0x41, 0xd0, 0x0a, 0x03}));
}

// The reference decompiler: an independent reader of every table.
TEST(Acpi, iasl_disassembles_every_table_without_a_complaint) {
  if (std::system("command -v iasl >/dev/null 2>&1") != 0) {
    GTEST_SKIP() << "iasl (acpica-tools) is not installed";
  }
  std::string directory = testing::TempDir() + "schedrig-acpi-XXXXXX";
  ASSERT_NE(::mkdtemp(directory.data()), nullptr);
  const AcpiTables tables = build(Topology::uniform(2, 4, 1, 2));
  for (const char* signature : {"DSDT", "FACP", "APIC", "SRAT", "SLIT"}) {
    std::string path = directory;
    path.append("/").append(signature);
    const auto& bytes = find(tables, signature).bytes;
    std::ofstream(path + ".aml", std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
    std::string command = "iasl -d ";
    command.append(path).append(".aml >").append(path).append(".log 2>&1");
    ASSERT_EQ(std::system(command.c_str()), 0) << signature;
    const std::string text = test::read_text(path + ".log");
    for (const std::string_view bad : {"Error", "Warning", "Invalid", "Incorrect"}) {
      EXPECT_EQ(text.find(bad), std::string::npos) << text;
    }
    const std::string listing = test::read_text(path + ".dsl");
    EXPECT_FALSE(listing.empty()) << signature;
    for (const char* bad : {"Invalid", "Incorrect checksum", "should be", "**** "}) {
      EXPECT_EQ(listing.find(bad), std::string::npos) << listing;
    }
    if (signature == std::string_view("DSDT")) {
      EXPECT_NE(listing.find("PNP0A03"), std::string::npos);
      EXPECT_NE(listing.find("_S5"), std::string::npos);
      // What it decompiled compiles again.
      command = "iasl -p ";
      command.append(path).append(".again ").append(path).append(".dsl >/dev/null 2>&1");
      EXPECT_EQ(std::system(command.c_str()), 0);
    }
  }
  ASSERT_EQ(std::system(("rm -rf " + directory).c_str()), 0);
}

} // namespace
} // namespace schedrig::kvm
