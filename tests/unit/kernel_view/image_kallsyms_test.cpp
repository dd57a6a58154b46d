// SPDX-License-Identifier: MIT
// The symbol table in a kernel's image, in every layout and when it is damaged.
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/kernel_view/symbol_tables.hpp"
#include "tests/unit/kernel_view/kallsyms_image.hpp"

namespace schedrig::kernel_view {
namespace {

using test::KallsymsImage;
using test::KallsymsLayout;
using test::kImageBase;
using test::PackedSymbols;
using testing::HasSubstr;

// 600: the third marker is the last, and its block is not full.
PackedSymbols symbols_of(KallsymsLayout layout) {
  PackedSymbols symbols;
  if (layout == KallsymsLayout::kPerCpuApart) {
    symbols.emplace_back(0x1000, "Acpu_number");
  }
  symbols.emplace_back(kImageBase, "T_text");
  symbols.emplace_back(kImageBase, "t__pi__text");
  symbols.emplace_back(kImageBase + 0x10, "T\001tick");
  symbols.emplace_back(kImageBase + 0x20, "t" + std::string(200, 'q'));
  for (std::uint64_t i = 0; symbols.size() < 600; ++i) {
    symbols.emplace_back(kImageBase + 0x100 + i * 8, "tlocal_" + std::to_string(i));
  }
  symbols.emplace_back(kImageBase + 0x1000'0000, "B_end");
  return symbols;
}

class ImageKallsyms : public testing::TestWithParam<KallsymsLayout> {
 protected:
  KallsymsImage builder_{GetParam()};
  const PackedSymbols symbols_ = symbols_of(GetParam());
  std::string image_ = builder_.build(symbols_);
};

TEST_P(ImageKallsyms, gives_every_symbol_with_type_and_address) {
  const auto symbols = read_image_kallsyms(test::view(image_));
  ASSERT_TRUE(symbols) << symbols.error().message;
  ASSERT_EQ(symbols->size(), symbols_.size());
  for (std::size_t i = 0; i < symbols_.size(); ++i) {
    const Symbol symbol = symbols->at(i);
    EXPECT_EQ(symbol.address, symbols_[i].first) << symbol.name;
    EXPECT_EQ(symbol.type, symbols_[i].second[0]) << symbol.name;
  }
  EXPECT_EQ(symbols->address_of("sched_tick").value(), kImageBase + 0x10);
  EXPECT_EQ(symbols->address_of(std::string(200, 'q')).value(), kImageBase + 0x20);
  EXPECT_EQ(symbols->address_of("_end").value(), kImageBase + 0x1000'0000);
}

TEST_P(ImageKallsyms, markers_that_do_not_fit_are_an_error) {
  image_[builder_.names_at()] ^= 1; // the first name's length
  const auto symbols = read_image_kallsyms(test::view(image_));
  ASSERT_FALSE(symbols);
  EXPECT_EQ(symbols.error().code, StatusCode::kBadData);
  EXPECT_THAT(symbols.error().message, HasSubstr("names"));
}

TEST_P(ImageKallsyms, addresses_that_do_not_ascend_are_an_error) {
  image_[builder_.offsets_at() + (300 * 4) + 2] ^= 0x55;
  const auto symbols = read_image_kallsyms(test::view(image_));
  ASSERT_FALSE(symbols);
  EXPECT_EQ(symbols.error().code, StatusCode::kBadData);
  EXPECT_THAT(symbols.error().message, HasSubstr("addresses"));
}

TEST_P(ImageKallsyms, an_image_cut_short_anywhere_is_an_error) {
  for (std::size_t size = 0; size + 101 < image_.size(); size += 97) {
    EXPECT_FALSE(read_image_kallsyms(test::view(image_.substr(0, size)))) << size;
  }
}

// Whatever is read out of it: no read outside, no endless walk, and names that are names.
TEST_P(ImageKallsyms, damage_is_an_error_or_another_table) {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    std::string damaged = image_;
    for (int i = 0; i < 1 + round % 8; ++i) {
      damaged[random() % damaged.size()] = static_cast<char>(random());
    }
    if (const auto symbols = read_image_kallsyms(test::view(damaged))) {
      EXPECT_LE(symbols->size(), symbols_.size());
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Layouts, ImageKallsyms,
                         testing::Values(KallsymsLayout::kOffsetsFirst,
                                         KallsymsLayout::kOffsetsLast, KallsymsLayout::kPerCpuApart,
                                         KallsymsLayout::kSelfRelative));

TEST(ImageKallsymsOf, an_image_without_one_is_not_found) {
  const auto symbols = read_symbols(test::view(test::elf_file({{".rodata", "nothing"}})));
  ASSERT_FALSE(symbols);
  EXPECT_EQ(symbols.error().code, StatusCode::kNotFound);
}

} // namespace
} // namespace schedrig::kernel_view
