// SPDX-License-Identifier: MIT
// bzImage headers and the loader: a small valid image, then everything that can be wrong with one.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <random>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "vmm/boot/bzimage.hpp"
#include "vmm/boot/loader.hpp"
#include "vmm/mapped_file.hpp"

namespace schedrig::kvm {
namespace {

constexpr std::size_t kSetupBytes = 2 * 512;
constexpr std::size_t kCodeBytes = 4096;

setup_header& header_of(std::vector<std::byte>& image) {
  return *reinterpret_cast<setup_header*>(image.data() + offsetof(boot_params, hdr));
}

std::vector<std::byte> valid_image() {
  std::vector<std::byte> image(kSetupBytes + kCodeBytes);
  setup_header& header = header_of(image);
  header.setup_sects = 1;
  header.syssize = kCodeBytes / 16;
  header.boot_flag = 0xaa55;
  header.header = 0x53726448;
  header.version = 0x020f;
  header.xloadflags = XLF_KERNEL_64;
  header.kernel_alignment = 0x200000;
  header.pref_address = 0x1000000;
  header.init_size = 0x2000000;
  header.initrd_addr_max = 0x7fffffff;
  header.cmdline_size = 2047;
  header.kernel_version = 0x100;
  std::memcpy(image.data() + 0x300, "6.1.0-test", 11);
  image[kSetupBytes] = std::byte{0x42};
  return image;
}

TEST(BzImage, a_valid_header_gives_the_facts_the_loader_needs) {
  const auto image = valid_image();
  const auto parsed = parse_bzimage(image);
  ASSERT_TRUE(parsed.has_value()) << parsed.error().message;
  EXPECT_EQ(parsed->load_address, 0x1000000U);
  ASSERT_EQ(parsed->segments.size(), 1U);
  EXPECT_EQ(parsed->segments[0].address, 0x1000000U);
  EXPECT_EQ(parsed->segments[0].bytes.size(), kCodeBytes);
  EXPECT_EQ(parsed->segments[0].bytes[0], std::byte{0x42});
  EXPECT_EQ(parsed->entry, 0x1000200U);
  EXPECT_EQ(parsed->version, "6.1.0-test");
  EXPECT_EQ(parsed->initrd_end_max, 0x80000000U);
}

struct Corruption {
  const char* what;
  void (*apply)(std::vector<std::byte>&);
  StatusCode code;
};

TEST(BzImage, every_kind_of_bad_header_is_an_error) {
  using Image = std::vector<std::byte>;
  const Corruption corruptions[] = {
      {"empty", [](Image& i) { i.clear(); }, StatusCode::kBadData},
      {"cut in the header", [](Image& i) { i.resize(0x210); }, StatusCode::kBadData},
      {"boot flag", [](Image& i) { header_of(i).boot_flag = 0; }, StatusCode::kBadData},
      {"magic", [](Image& i) { header_of(i).header = 0; }, StatusCode::kBadData},
      {"protocol", [](Image& i) { header_of(i).version = 0x020b; }, StatusCode::kUnsupported},
      {"32-bit", [](Image& i) { header_of(i).xloadflags = 0; }, StatusCode::kUnsupported},
      {"setup", [](Image& i) { header_of(i).setup_sects = 255; }, StatusCode::kBadData},
      {"truncated", [](Image& i) { i.resize(i.size() - 64); }, StatusCode::kBadData},
      {"huge", [](Image& i) { header_of(i).syssize = 0xffffffff; }, StatusCode::kBadData},
      {"no code", [](Image& i) { header_of(i).syssize = 0; }, StatusCode::kBadData},
      {"alignment 0", [](Image& i) { header_of(i).kernel_alignment = 0; }, StatusCode::kBadData},
      {"alignment", [](Image& i) { header_of(i).kernel_alignment = 3; }, StatusCode::kBadData},
      {"address", [](Image& i) { header_of(i).pref_address = 0x1000001; }, StatusCode::kBadData},
      {"init_size", [](Image& i) { header_of(i).init_size = 1; }, StatusCode::kBadData},
  };
  for (const Corruption& corruption : corruptions) {
    auto image = valid_image();
    corruption.apply(image);
    const auto parsed = parse_bzimage(image);
    ASSERT_FALSE(parsed.has_value()) << corruption.what;
    EXPECT_EQ(parsed.error().code, corruption.code) << corruption.what;
    EXPECT_FALSE(parsed.error().message.empty());
  }
}

TEST(BzImage, random_header_bytes_never_reach_outside_the_image) {
  std::mt19937 random(7);
  int accepted = 0;
  for (int round = 0; round < 20000; ++round) {
    auto image = valid_image();
    for (int i = 0; i < 1 + round % 6; ++i) {
      image[0x1f1 + random() % 0x7f] = static_cast<std::byte>(random());
    }
    image.resize(image.size() - (round % 3 == 0 ? random() % image.size() : 0));
    const auto parsed = parse_bzimage(image);
    if (parsed) {
      ++accepted;
      const auto code = parsed->segments.front().bytes;
      EXPECT_GE(code.data(), image.data());
      EXPECT_LE(code.data() + code.size(), image.data() + image.size());
      EXPECT_GE(parsed->init_size, code.size());
    }
  }
  EXPECT_GT(accepted, 0); // else the loop above has checked nothing
}

class Loader : public testing::Test {
 protected:
  Result<EntryPoint> load(std::uint64_t memory_bytes, std::span<const std::byte> initramfs,
                          std::string_view command_line) {
    auto memory = GuestMemory::create(memory_bytes);
    EXPECT_TRUE(memory.has_value());
    const auto kernel = parse_bzimage(image_);
    EXPECT_TRUE(kernel.has_value());
    auto entry = load_linux(*memory, {.kernel = *kernel,
                                      .initramfs = initramfs,
                                      .command_line = command_line,
                                      .rsdp = kAcpiAddress});
    if (entry) {
      EXPECT_TRUE(memory->read(kBootParamsAddress, std::as_writable_bytes(std::span(&params_, 1))));
      text_.resize(command_line.size() + 1);
      EXPECT_TRUE(memory->read(kCommandLineAddress, std::as_writable_bytes(std::span(text_))));
    }
    return entry;
  }

  std::vector<std::byte> image_ = valid_image();
  boot_params params_{};
  std::string text_;
};

TEST_F(Loader, boot_params_say_where_everything_is) {
  const std::vector<std::byte> initramfs(5000, std::byte{7});
  const auto entry = load(256ULL << 20, initramfs, "console=hvc0");
  ASSERT_TRUE(entry.has_value()) << entry.error().message;
  EXPECT_EQ(entry->rip, 0x1000200U);
  EXPECT_EQ(params_.hdr.type_of_loader, 0xff);
  EXPECT_EQ(params_.hdr.ramdisk_size, 5000U);
  EXPECT_EQ(params_.hdr.ramdisk_image % kPageSize, 0U);
  EXPECT_GE(params_.hdr.ramdisk_image, 0x1000000U + 0x2000000U);
  EXPECT_EQ(params_.acpi_rsdp_addr, kAcpiAddress);
  EXPECT_EQ(text_.c_str(), std::string("console=hvc0"));
  ASSERT_EQ(params_.e820_entries, 3);
  EXPECT_EQ(params_.e820_table[2].addr + params_.e820_table[2].size, 256ULL << 20);
}

TEST_F(Loader, what_does_not_fit_is_an_error_that_says_so) {
  EXPECT_FALSE(load(256ULL << 20, {}, std::string(2048, 'x')).has_value());
  EXPECT_FALSE(load(256ULL << 20, {}, std::string_view("a\0b", 3)).has_value());
  const std::vector<std::byte> too_big(230ULL << 20);
  EXPECT_FALSE(load(256ULL << 20, too_big, "").has_value());
  header_of(image_).init_size = 0x10000000;
  EXPECT_FALSE(load(128ULL << 20, {}, "").has_value());
  header_of(image_).init_size = 0x2000000;
  header_of(image_).pref_address = 0xffffffffffe00000; // sum wraps
  EXPECT_FALSE(load(128ULL << 20, {}, "").has_value());
}

TEST_F(Loader, ram_above_the_device_hole_is_in_the_memory_map) {
  const auto entry = load(4608ULL << 20, {}, "");
  ASSERT_TRUE(entry.has_value()) << entry.error().message;
  ASSERT_EQ(params_.e820_entries, 4);
  const auto entry_of = [this](std::size_t i) { // packed: its fields cannot be referred to
    const boot_e820_entry& packed = params_.e820_table[i];
    return std::pair<std::uint64_t, std::uint64_t>(packed.addr + 0, packed.size + 0);
  };
  const auto [low, low_size] = entry_of(2);
  const auto [high, high_size] = entry_of(3);
  EXPECT_EQ(low, kHighMemoryStart);
  EXPECT_EQ(low + low_size, kHoleStart);
  EXPECT_EQ(high, kHoleEnd);
  EXPECT_EQ(high_size, 1536ULL << 20);
}

TEST(MappedFile, what_is_not_a_regular_file_or_too_long_is_an_error) {
  EXPECT_FALSE(MappedFile::open("/nonexistent/vmlinuz", 10).has_value());
  EXPECT_FALSE(MappedFile::open("/dev/null", 10).has_value());
  EXPECT_FALSE(MappedFile::open("/", 10).has_value());
  EXPECT_FALSE(MappedFile::open("/proc/self/exe", 10).has_value());
}

TEST(GuestMemory, what_is_loaded_is_what_is_read_and_nothing_outside_is_written) {
  const auto memory = GuestMemory::create(128U << 10, true);
  ASSERT_TRUE(memory.has_value());
  const std::vector<std::byte> data(5000, std::byte{7});
  ASSERT_TRUE(memory->load(kPageSize - 1, data).has_value());
  std::vector<std::byte> back(data.size() + 2);
  ASSERT_TRUE(memory->read(kPageSize - 2, back).has_value());
  EXPECT_EQ(back.front(), std::byte{0});
  EXPECT_EQ(back.back(), std::byte{0});
  EXPECT_TRUE(std::equal(data.begin(), data.end(), back.begin() + 1));
  EXPECT_FALSE(memory->load((128U << 10) - 4999, data).has_value());
  EXPECT_TRUE(memory->load(1U << 20, {}).has_value());
}

TEST(GuestMemory, a_file_that_was_cut_while_it_was_mapped_is_an_error_of_loading_it) {
  char name[] = "/tmp/schedrig-mapped-XXXXXX";
  const UniqueFd fd(::mkstemp(name));
  ASSERT_TRUE(fd);
  ::unlink(name);
  ASSERT_EQ(::ftruncate(fd.get(), 3 * static_cast<off_t>(kPageSize)), 0);
  const auto file = MappedFile::open("/proc/self/fd/" + std::to_string(fd.get()), 3 * kPageSize);
  ASSERT_TRUE(file.has_value()) << file.error().message;
  ASSERT_EQ(::ftruncate(fd.get(), 0), 0);
  const auto memory = GuestMemory::create(128U << 10, true);
  ASSERT_TRUE(memory.has_value());
  const auto loaded = memory->load(0, file->bytes());
  ASSERT_FALSE(loaded.has_value());
  EXPECT_EQ(loaded.error().code, StatusCode::kOs);
}

TEST(GuestMemory, sizes_outside_the_limits_and_accesses_outside_ram_are_errors) {
  EXPECT_FALSE(GuestMemory::create(0).has_value());
  EXPECT_FALSE(GuestMemory::create((512ULL << 20) + 1).has_value());
  EXPECT_FALSE(GuestMemory::create(64ULL << 20).has_value());
  EXPECT_FALSE(GuestMemory::create(kMaxMemoryBytes + kPageSize).has_value());
  const auto memory = GuestMemory::create(kPageSize, true);
  ASSERT_TRUE(memory.has_value());
  EXPECT_EQ(memory->slice(0, kPageSize).size(), kPageSize);
  EXPECT_TRUE(memory->slice(0, kPageSize + 1).empty());
  EXPECT_TRUE(memory->slice(kPageSize, 1).empty());
  EXPECT_TRUE(memory->slice(~0ULL, 2).empty());
  EXPECT_TRUE(memory->slice(1, ~0ULL).empty());
}

TEST(RamLayout, ram_goes_on_behind_the_device_hole) {
  constexpr std::uint64_t kMiB = 1ULL << 20;
  EXPECT_EQ(ram_ranges(512 * kMiB), (std::vector<RamRange>{{0, 512 * kMiB, 0}}));
  EXPECT_EQ(ram_ranges(kHoleStart), (std::vector<RamRange>{{0, kHoleStart, 0}}));
  EXPECT_EQ(ram_ranges(kHoleStart + kMiB),
            (std::vector<RamRange>{{0, kHoleStart, 0}, {kHoleEnd, kMiB, kHoleStart}}));
  EXPECT_EQ(ram_ranges(kHoleStart - kMiB, 3 * kMiB),
            (std::vector<RamRange>{{kHoleStart - kMiB, kMiB, kHoleStart - kMiB},
                                   {kHoleEnd, 2 * kMiB, kHoleStart}}));
  EXPECT_EQ(ram_ranges(kHoleStart + kMiB, kMiB),
            (std::vector<RamRange>{{kHoleEnd + kMiB, kMiB, kHoleStart + kMiB}}));
}

TEST(RamLayout, only_ranges_that_lie_in_ram_as_a_whole_have_an_offset) {
  constexpr std::uint64_t kRam = kHoleStart + 0x2000;
  EXPECT_EQ(ram_offset(kRam, kHoleStart - 8, 8), kHoleStart - 8);
  EXPECT_EQ(ram_offset(kRam, kHoleEnd, 0x2000), kHoleStart);
  EXPECT_EQ(ram_offset(kRam, kHoleEnd + 0x1ff8, 8), kHoleStart + 0x1ff8);
  EXPECT_EQ(ram_offset(kRam, kHoleStart - 4, 8), std::nullopt); // runs into the hole
  EXPECT_EQ(ram_offset(kRam, kHoleStart, 1), std::nullopt);
  EXPECT_EQ(ram_offset(kRam, kHoleEnd - 1, 2), std::nullopt);
  EXPECT_EQ(ram_offset(kRam, kHoleEnd + 0x1ff9, 8), std::nullopt);
  EXPECT_EQ(ram_offset(kRam, ~0ULL, 2), std::nullopt);
  EXPECT_EQ(ram_offset(kRam, kHoleEnd, ~0ULL), std::nullopt);
  EXPECT_EQ(ram_offset(kRam, 0, 0), std::nullopt);
  EXPECT_EQ(ram_offset(kHoleStart, kHoleEnd, 1), std::nullopt);
}

TEST(GuestMemory, both_sides_of_the_device_hole_are_one_after_the_other_on_the_host) {
  const auto memory = GuestMemory::create(kHoleStart + kPageSize);
  ASSERT_TRUE(memory.has_value()) << memory.error().message;
  ASSERT_TRUE(memory->write_object<std::uint64_t>(kHoleEnd, 0x1122334455667788));
  EXPECT_EQ(memory->slice(kHoleEnd, 8).data(), memory->slice(0, 1).data() + kHoleStart);
  EXPECT_TRUE(memory->slice(kHoleStart, 1).empty());
}

} // namespace
} // namespace schedrig::kvm
