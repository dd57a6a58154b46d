// SPDX-License-Identifier: MIT
// Linux 64-bit boot protocol: what is where in memory when the kernel starts.
#include "loader.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

namespace schedrig::kvm {
namespace {

constexpr std::uint64_t kTwoMiB = 2ULL << 20;
constexpr std::uint8_t kLoaderTypeUndefined = 0xff; // boot.rst: no assigned boot loader id
constexpr std::uint32_t kE820Ram = 1;
constexpr std::uint32_t kE820Reserved = 2;

// GDT selectors that the boot protocol prescribes: __BOOT_CS 0x10, __BOOT_DS 0x18.
constexpr std::uint16_t kCodeSelector = 0x10;
constexpr std::uint16_t kDataSelector = 0x18;
constexpr std::array<std::uint64_t, 4> kGdt = {
    0, 0,
    0x00af9b000000ffff, // code: execute/read, long mode, present, accessed
    0x00cf93000000ffff, // data: read/write, present, accessed
};

constexpr std::uint64_t kPagePresentWritable = 0x3;
constexpr std::uint64_t kPageLarge = 0x80;
constexpr std::size_t kPageEntries = 512;
constexpr std::size_t kIdentityGigabytes = 4;

constexpr std::uint64_t kCr0ProtectedMode = 1U << 0;
constexpr std::uint64_t kCr0ExtensionType = 1U << 4;
constexpr std::uint64_t kCr0Paging = 1U << 31;
constexpr std::uint64_t kCr4PhysicalAddressExtension = 1U << 5;
constexpr std::uint64_t kEferLongModeEnable = 1U << 8;
constexpr std::uint64_t kEferLongModeActive = 1U << 10;
constexpr std::uint64_t kRflagsReserved = 1U << 1; // always one

std::unexpected<Error> too_big(const std::string& what, const std::string& help) {
  return fail(StatusCode::kInvalidArgument, what, help);
}

void add_e820(boot_params& params, Gpa start, Gpa end, std::uint32_t type) {
  boot_e820_entry& entry = params.e820_table[params.e820_entries];
  entry.addr = start;
  entry.size = end - start;
  entry.type = type;
  ++params.e820_entries;
}

// As high as the kernel allows, page aligned, above the room that decompression needs.
Result<Gpa> place_initramfs(const GuestMemory& memory, const BootImage& image, Gpa kernel_end) {
  const std::uint64_t bytes = image.initramfs.size();
  const Gpa low_end = memory.ranges().front().bytes;
  const Gpa end = std::min(low_end, image.kernel.initrd_end_max) & ~(kPageSize - 1);
  if (bytes > end || ((end - bytes) & ~(kPageSize - 1)) < kernel_end) {
    return too_big("initramfs of " + std::to_string(bytes) + " bytes does not fit between " +
                       "the kernel's end at " + std::to_string(kernel_end) + " and " +
                       std::to_string(end),
                   "give the machine more memory");
  }
  return (end - bytes) & ~(kPageSize - 1);
}

} // namespace

Result<EntryPoint> load_linux(const GuestMemory& memory, const BootImage& image) {
  const KernelImage& kernel = image.kernel;
  if (kernel.load_address < kHighMemoryStart ||
      memory.slice(kernel.load_address, kernel.init_size).empty()) {
    return too_big("kernel needs " + std::to_string(kernel.init_size) + " bytes at " +
                       std::to_string(kernel.load_address) + ", the machine has " +
                       std::to_string(memory.size()) + " bytes of RAM",
                   "give the machine more memory");
  }
  const std::uint64_t command_line_max =
      std::min<std::uint64_t>(kernel.command_line_max, kCommandLineRoom - 1);
  if (image.command_line.size() > command_line_max ||
      image.command_line.find('\0') != std::string_view::npos) {
    return too_big("kernel command line of " + std::to_string(image.command_line.size()) +
                       " bytes: at most " + std::to_string(command_line_max) +
                       " and no zero byte are possible",
                   "shorten it");
  }
  for (const KernelSegment& segment : kernel.segments) {
    TRY(memory.load(segment.address, segment.bytes));
  }
  std::string command_line(image.command_line);
  TRY(memory.write(kCommandLineAddress,
                   std::as_bytes(std::span(command_line.c_str(), command_line.size() + 1))));

  boot_params params{};
  params.hdr = kernel.header;
  params.hdr.type_of_loader = kLoaderTypeUndefined;
  params.hdr.cmd_line_ptr = static_cast<std::uint32_t>(kCommandLineAddress);
  params.hdr.code32_start = static_cast<std::uint32_t>(kernel.load_address);
  if (!image.initramfs.empty()) {
    const Gpa start = TRY(place_initramfs(memory, image, kernel.load_address + kernel.init_size));
    TRY(memory.load(start, image.initramfs));
    params.hdr.ramdisk_image = static_cast<std::uint32_t>(start);
    params.hdr.ramdisk_size = static_cast<std::uint32_t>(image.initramfs.size());
  }
  params.acpi_rsdp_addr = image.rsdp;
  add_e820(params, 0, kLowMemoryEnd, kE820Ram);
  add_e820(params, kLowMemoryEnd, kHighMemoryStart, kE820Reserved);
  for (const RamRange& range : memory.ranges()) {
    add_e820(params, std::max(range.start, kHighMemoryStart), range.start + range.bytes, kE820Ram);
  }
  TRY(memory.write_object(kBootParamsAddress, params));
  TRY(write_boot_tables(memory));
  return EntryPoint{.rip = kernel.entry, .boot_params = kBootParamsAddress};
}

Result<> write_boot_tables(const GuestMemory& memory) {
  TRY(memory.write_object(kGdtAddress, kGdt));
  using Table = std::array<std::uint64_t, kPageEntries>;
  Table table{};
  const Gpa pdpt = kPageTablesAddress + kPageSize;
  const Gpa directories = pdpt + kPageSize;
  table[0] = pdpt | kPagePresentWritable;
  TRY(memory.write_object(kPageTablesAddress, table));
  table.fill(0);
  for (std::size_t i = 0; i < kIdentityGigabytes; ++i) {
    table[i] = (directories + i * kPageSize) | kPagePresentWritable;
  }
  TRY(memory.write_object(pdpt, table));
  for (std::size_t i = 0; i < kIdentityGigabytes; ++i) {
    for (std::size_t j = 0; j < kPageEntries; ++j) {
      table[j] = (i * kPageEntries + j) * kTwoMiB | kPagePresentWritable | kPageLarge;
    }
    TRY(memory.write_object(directories + i * kPageSize, table));
  }
  return {};
}

void set_long_mode(kvm_sregs& sregs) noexcept {
  kvm_segment data{};
  data.limit = 0xffffffff;
  data.selector = kDataSelector;
  data.type = 3; // read/write, accessed
  data.present = 1;
  data.db = 1;
  data.s = 1;
  data.g = 1;
  kvm_segment code = data;
  code.selector = kCodeSelector;
  code.type = 11; // execute/read, accessed
  code.db = 0;
  code.l = 1;
  sregs.cs = code;
  sregs.ds = sregs.es = sregs.fs = sregs.gs = sregs.ss = data;
  sregs.gdt.base = kGdtAddress;
  sregs.gdt.limit = sizeof(kGdt) - 1;
  // No IDT: a fault before the kernel has its own is a triple fault, which ends the run at once.
  sregs.idt.base = 0;
  sregs.idt.limit = 0;
  sregs.cr3 = kPageTablesAddress;
  sregs.cr4 = kCr4PhysicalAddressExtension;
  sregs.cr0 = kCr0ProtectedMode | kCr0ExtensionType | kCr0Paging;
  sregs.efer = kEferLongModeEnable | kEferLongModeActive;
}

kvm_regs entry_registers(const EntryPoint& entry) noexcept {
  kvm_regs regs{};
  regs.rip = entry.rip;
  regs.rsi = entry.boot_params;
  regs.rflags = kRflagsReserved;
  return regs;
}

} // namespace schedrig::kvm
