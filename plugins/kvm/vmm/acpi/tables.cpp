// SPDX-License-Identifier: MIT
// ACPI tables, byte by byte.
#include "tables.hpp"

#include <numeric>
#include <string_view>
#include <utility>

#include "../device/power.hpp"
#include "../ram_layout.hpp"
#include "aml.hpp"

namespace schedrig::kvm {
namespace {

constexpr std::size_t kHeaderBytes = 36;
constexpr std::size_t kLengthOffset = 4;
constexpr std::size_t kChecksumOffset = 9;
constexpr std::uint64_t kAlignment = 16; // the RSDP is searched for at 16-byte steps

// Little-endian bytes of one table, starting with its header.
class TableWriter {
 public:
  TableWriter(std::string_view signature, std::uint8_t revision) {
    text(signature, 4);
    u32(0); // length: finish()
    u8(revision);
    u8(0); // checksum: finish()
    text("SCHRIG", 6);
    text("SCHEDRIG", 8);
    u32(1);
    text("SRIG", 4);
    u32(1);
  }

  void u8(std::uint64_t value) { put(value, 1); }
  void u16(std::uint64_t value) { put(value, 2); }
  void u32(std::uint64_t value) { put(value, 4); }
  void u64(std::uint64_t value) { put(value, 8); }
  void zeros(std::size_t count) { bytes_.resize(bytes_.size() + count, 0); }
  void append(const std::vector<std::uint8_t>& data) {
    bytes_.insert(bytes_.end(), data.begin(), data.end());
  }
  // Generic address structure (5.2.3.2) of an 8-bit I/O port.
  void io_port_gas(std::uint16_t port) {
    u8(1); // system I/O
    u8(8); // register width
    u8(0);
    u8(1); // byte access
    u64(port);
  }
  [[nodiscard]] std::size_t size() const noexcept { return bytes_.size(); }

  [[nodiscard]] std::vector<std::uint8_t> finish() && {
    for (std::size_t i = 0; i < 4; ++i) {
      bytes_[kLengthOffset + i] = static_cast<std::uint8_t>(bytes_.size() >> (8 * i));
    }
    bytes_[kChecksumOffset] = checksum(bytes_, bytes_.size());
    return std::move(bytes_);
  }

  // What makes the sum of the first `count` bytes zero.
  static std::uint8_t checksum(const std::vector<std::uint8_t>& bytes, std::size_t count) {
    return static_cast<std::uint8_t>(
        -std::accumulate(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count), 0));
  }

 private:
  void put(std::uint64_t value, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      bytes_.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
    }
  }
  void text(std::string_view value, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      bytes_.push_back(i < value.size() ? static_cast<std::uint8_t>(value[i]) : ' ');
    }
  }

  std::vector<std::uint8_t> bytes_;
};

std::vector<std::uint8_t> build_dsdt() {
  const aml::Bytes resources = aml::concat({
      aml::word_bus_number(0, 0),
      aml::io_ports(kPciConfigPort, 8),
      aml::word_io(0x0000, kPciConfigPort - 1),
      aml::word_io(kPciConfigPort + 8, 0xffff),
      aml::dword_memory(static_cast<std::uint32_t>(kPciWindowAddress),
                        static_cast<std::uint32_t>(kPciWindowAddress + kPciWindowBytes - 1)),
      aml::end_tag(),
  });
  const aml::Bytes host_bridge = aml::device("PCI0", aml::concat({
                                                         aml::name("_HID", aml::eisa_id("PNP0A03")),
                                                         aml::name("_UID", aml::integer(0)),
                                                         aml::name("_BBN", aml::integer(0)),
                                                         aml::name("_SEG", aml::integer(0)),
                                                         aml::name("_CRS", aml::buffer(resources)),
                                                     }));
  TableWriter out("DSDT", 2);
  out.append(aml::scope_system_bus(host_bridge));
  out.append(aml::name("_S5", aml::package({aml::integer(kSleepTypeS5), aml::integer(0),
                                            aml::integer(0), aml::integer(0)})));
  return std::move(out).finish();
}

// Offsets of 5.2.9; everything that is not written here is a legacy register block we do not have.
std::vector<std::uint8_t> build_fadt(Gpa dsdt) {
  constexpr std::size_t kBootArchitectureOffset = 109;
  constexpr std::size_t kSleepControlOffset = 244;
  // No VGA to probe and no CMOS clock: the kernel takes wall time from kvmclock. Bits 0 and 1
  // (legacy devices, 8042) are clear: nothing to probe either.
  constexpr std::uint16_t kVgaNotPresent = 1U << 2;
  constexpr std::uint16_t kCmosRtcNotPresent = 1U << 5;
  constexpr std::uint32_t kWbinvd = 1U << 0;
  constexpr std::uint32_t kPowerButtonAbsent = 1U << 4;
  constexpr std::uint32_t kSleepButtonAbsent = 1U << 5;
  constexpr std::uint32_t kResetRegisterSupported = 1U << 10;
  constexpr std::uint32_t kHeadless = 1U << 12;
  constexpr std::uint32_t kHardwareReduced = 1U << 20;

  TableWriter out("FACP", 6);
  out.zeros(kBootArchitectureOffset - out.size());
  out.u16(kVgaNotPresent | kCmosRtcNotPresent);
  out.u8(0);
  out.u32(kWbinvd | kPowerButtonAbsent | kSleepButtonAbsent | kResetRegisterSupported | kHeadless |
          kHardwareReduced);
  out.io_port_gas(kResetPort);
  out.u8(kResetValue);
  out.u16(0);
  out.u8(5); // minor version
  out.u64(0);
  out.u64(dsdt);
  out.zeros(kSleepControlOffset - out.size());
  out.io_port_gas(kSleepControlPort);
  out.io_port_gas(kSleepStatusPort);
  out.u64(0); // hypervisor vendor identity: none is registered
  return std::move(out).finish();
}

std::vector<std::uint8_t> build_madt(const ApicLayout& layout) {
  TableWriter out("APIC", 5);
  out.u32(kLocalApicAddress);
  out.u32(0); // no dual 8259
  for (std::size_t cpu = 0; cpu < layout.apic_ids.size(); ++cpu) {
    out.u8(9); // processor local x2APIC
    out.u8(16);
    out.u16(0);
    out.u32(layout.apic_ids[cpu]);
    out.u32(1);   // enabled
    out.u32(cpu); // ACPI processor UID
  }
  out.u8(1); // IO-APIC
  out.u8(12);
  out.u8(0); // id
  out.u8(0);
  out.u32(kIoApicAddress);
  out.u32(0); // first GSI
  return std::move(out).finish();
}

std::vector<std::uint8_t> build_srat(const ApicLayout& layout,
                                     const std::vector<std::uint64_t>& node_memory) {
  TableWriter out("SRAT", 3);
  out.u32(1);
  out.u64(0);
  for (std::size_t cpu = 0; cpu < layout.apic_ids.size(); ++cpu) {
    out.u8(2); // processor local x2APIC affinity
    out.u8(24);
    out.u16(0);
    out.u32(layout.places[cpu].node);
    out.u32(layout.apic_ids[cpu]);
    out.u32(1); // enabled
    out.u32(0); // clock domain
    out.u32(0);
  }
  std::uint64_t offset = 0;
  for (std::size_t node = 0; node < node_memory.size(); ++node) {
    for (const RamRange& range : ram_ranges(offset, node_memory[node])) {
      out.u8(1); // memory affinity
      out.u8(40);
      out.u32(node);
      out.u16(0);
      out.u64(range.start);
      out.u64(range.bytes);
      out.u32(0);
      out.u32(1); // enabled
      out.u64(0);
    }
    offset += node_memory[node];
  }
  return std::move(out).finish();
}

std::vector<std::uint8_t> build_slit(const TopologyView& topology) {
  TableWriter out("SLIT", 1);
  out.u64(topology.nodes.size());
  for (const std::uint32_t distance : topology.distances) {
    out.u8(distance);
  }
  return std::move(out).finish();
}

std::vector<std::uint8_t> build_xsdt(const std::vector<AcpiTable>& tables) {
  TableWriter out("XSDT", 1);
  for (const AcpiTable& table : tables) {
    // The DSDT is reached through the FADT only.
    if (table.signature != "DSDT") {
      out.u64(table.address);
    }
  }
  return std::move(out).finish();
}

// 5.2.5.3: not a common header; two checksums, of the first 20 bytes and of all 36.
std::vector<std::uint8_t> build_rsdp(Gpa xsdt) {
  std::vector<std::uint8_t> out;
  for (const char c : std::string_view("RSD PTR \0SCHRIG\2", 16)) {
    out.push_back(static_cast<std::uint8_t>(c));
  }
  out.resize(kHeaderBytes, 0);
  out[20] = static_cast<std::uint8_t>(kHeaderBytes);
  for (std::size_t i = 0; i < 8; ++i) {
    out[24 + i] = static_cast<std::uint8_t>(xsdt >> (8 * i));
  }
  out[8] = TableWriter::checksum(out, 20);
  out[32] = TableWriter::checksum(out, out.size());
  return out;
}

} // namespace

Result<AcpiTables> build_acpi(const TopologyView& topology, const ApicLayout& layout,
                              const std::vector<std::uint64_t>& node_memory, Gpa address,
                              std::uint64_t room) {
  bool seen_memory_only = false;
  for (const NodeSpec& node : topology.nodes) {
    if (node.llc_count != 0 && seen_memory_only) {
      return fail(StatusCode::kUnsupported,
                  "topology: a node without CPUs comes before one with CPUs, which the guest "
                  "kernel would number the other way round",
                  "put memory-only nodes last");
    }
    seen_memory_only = seen_memory_only || node.llc_count == 0;
  }

  const Gpa end = address + room;
  AcpiTables result;
  result.rsdp = address;
  Gpa next = address + (kHeaderBytes + kAlignment - 1) / kAlignment * kAlignment;
  std::vector<AcpiTable> tables;
  const auto place = [&](std::string signature, std::vector<std::uint8_t> bytes) {
    const Gpa at = next;
    next += (bytes.size() + kAlignment - 1) / kAlignment * kAlignment;
    tables.push_back({std::move(signature), at, std::move(bytes)});
    return at;
  };
  const Gpa dsdt = place("DSDT", build_dsdt());
  place("FACP", build_fadt(dsdt));
  place("APIC", build_madt(layout));
  place("SRAT", build_srat(layout, node_memory));
  place("SLIT", build_slit(topology));
  const Gpa xsdt = place("XSDT", build_xsdt(tables));
  if (next > end) {
    return fail(StatusCode::kUnsupported, "ACPI tables of " + std::to_string(next - address) +
                                              " bytes do not fit into " + std::to_string(room));
  }
  result.tables.push_back({"RSD PTR ", address, build_rsdp(xsdt)});
  result.tables.insert(result.tables.end(), std::make_move_iterator(tables.begin()),
                       std::make_move_iterator(tables.end()));
  return result;
}

} // namespace schedrig::kvm
