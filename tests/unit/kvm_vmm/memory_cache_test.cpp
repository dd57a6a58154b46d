// SPDX-License-Identifier: MIT
// The table of memory cache types: which calls KVM gets and what is reported, for each kind of
// kernel (docs/reference/memory.md has the outcomes).
#include <cerrno>
#include <map>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "vmm/memory_cache.hpp"

namespace schedrig::kvm {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;

struct Row {
  const char* name;
  CpuVendor host = CpuVendor::kIntel;
  std::map<int, int> capabilities = {};
  int quirk_errno = 0;
  int flag_errno = 0;  // of a slot with the flag
  int plain_errno = 0; // of one without
  MemoryCache cache = MemoryCache::kNoncoherent;
  std::vector<const char*> calls = {}; // "quirk", "1", "1 flag", "2", "2 flag"
  CacheResult outcome = {};
  int slot_errno = 0;
};

class FakeKvm final : public MemoryCalls, public SlotSetter {
 public:
  explicit FakeKvm(const Row& row) : row_(row) {}

  int capability(int number) noexcept override {
    const auto found = row_.capabilities.find(number);
    return found == row_.capabilities.end() ? 0 : found->second;
  }
  int disable_quirks(std::uint64_t quirks) noexcept override {
    calls.emplace_back(quirks == kQuirkIgnoreGuestPat ? "quirk" : "other quirks");
    return row_.quirk_errno;
  }
  int set(const SlotCall& call) noexcept override {
    const bool flag = call.flags == kSlotNoncoherent;
    calls.emplace_back(std::string(call.version2 ? "2" : "1") + (flag ? " flag" : ""));
    return flag ? row_.flag_errno : row_.plain_errno;
  }

  std::vector<std::string> calls;

 private:
  const Row& row_;
};

constexpr int kQuirks = 0x7ff;      // bit 9 among them
constexpr int kOlderQuirks = 0x5ff; // without it
using enum CacheOutcome;

const Row kRows[] = {
    {.name = "coherent_asks_for_nothing",
     .capabilities = {{213, kQuirks}, {236, 1}},
     .cache = MemoryCache::kCoherent,
     .calls = {"1"},
     .outcome = {kNotRequested, 0}},
    {.name = "amd_honours_it_whatever_the_kernel_offers",
     .host = CpuVendor::kAmd,
     .capabilities = {{213, kQuirks}, {236, 1}, {231, 1}},
     .calls = {"1"},
     .outcome = {kHonouredByCpu, 0}},
    {.name = "quirk_bit_9_is_for_the_whole_vm",
     .capabilities = {{213, kQuirks}},
     .calls = {"quirk", "1"},
     .outcome = {kAppliedVmWide, 0}},
    {.name = "quirk_bit_9_beside_capability_236_of_another_meaning",
     .capabilities = {{213, kQuirks}, {236, 1}, {231, 1}},
     .flag_errno = EINVAL,
     .calls = {"quirk", "1"},
     .outcome = {kAppliedVmWide, 0}},
    {.name = "quirk_refused",
     .capabilities = {{213, kQuirks}},
     .quirk_errno = EINVAL,
     .calls = {"quirk", "1"},
     .outcome = {kDroppedRefused, 0}},
    {.name = "quirk_refused_and_the_slots_flag_taken",
     .capabilities = {{213, kQuirks}, {239, 1}},
     .quirk_errno = EINVAL,
     .calls = {"quirk", "1 flag"},
     .outcome = {kAppliedPerSlot, 0}},
    {.name = "quirk_failed_otherwise_is_no_retry",
     .capabilities = {{213, kQuirks}},
     .quirk_errno = EPERM,
     .calls = {"quirk", "1"},
     .outcome = {kError, EPERM}},
    {.name = "no_quirk_and_no_capability",
     .capabilities = {{213, kOlderQuirks}},
     .calls = {"1"},
     .outcome = {kDroppedNoCapability, 0}},
    {.name = "no_capability_at_all", .calls = {"1"}, .outcome = {kDroppedNoCapability, 0}},
    {.name = "capability_236_is_not_1",
     .capabilities = {{236, 2}, {239, 4}},
     .calls = {"1"},
     .outcome = {kDroppedNoCapability, 0}},
    {.name = "capability_231_alone",
     .capabilities = {{231, 1}},
     .calls = {"1"},
     .outcome = {kDroppedNoCapability, 0}},
    {.name = "flag_by_capability_236",
     .capabilities = {{236, 1}},
     .calls = {"1 flag"},
     .outcome = {kAppliedPerSlot, 0}},
    {.name = "flag_by_capability_239",
     .capabilities = {{239, 1}},
     .calls = {"1 flag"},
     .outcome = {kAppliedPerSlot, 0}},
    {.name = "flag_by_the_second_ioctl_where_there_is_one",
     .capabilities = {{236, 1}, {231, 1}},
     .calls = {"2 flag"},
     .outcome = {kAppliedPerSlot, 0}},
    {.name = "capability_236_of_another_meaning_is_tried_once_with_and_once_without",
     .capabilities = {{236, 1}},
     .flag_errno = EINVAL,
     .calls = {"1 flag", "1"},
     .outcome = {kDroppedRefused, 0}},
    {.name = "the_retry_is_the_same_ioctl",
     .capabilities = {{239, 1}, {231, 1}},
     .flag_errno = EINVAL,
     .calls = {"2 flag", "2"},
     .outcome = {kDroppedRefused, 0}},
    {.name = "ENOMEM_is_no_retry",
     .capabilities = {{236, 1}},
     .flag_errno = ENOMEM,
     .calls = {"1 flag"},
     .outcome = {kError, ENOMEM},
     .slot_errno = ENOMEM},
    {.name = "EEXIST_is_no_retry",
     .capabilities = {{236, 1}, {231, 1}},
     .flag_errno = EEXIST,
     .calls = {"2 flag"},
     .outcome = {kError, EEXIST},
     .slot_errno = EEXIST},
    {.name = "EINVAL_of_the_retry_too_is_an_error_and_no_third_call",
     .capabilities = {{236, 1}},
     .flag_errno = EINVAL,
     .plain_errno = EINVAL,
     .calls = {"1 flag", "1"},
     .outcome = {kError, EINVAL},
     .slot_errno = EINVAL},
    {.name = "ENOMEM_of_the_retry",
     .capabilities = {{236, 1}},
     .flag_errno = EINVAL,
     .plain_errno = ENOMEM,
     .calls = {"1 flag", "1"},
     .outcome = {kError, ENOMEM},
     .slot_errno = ENOMEM},
    {.name = "a_coherent_slot_that_fails",
     .capabilities = {},
     .plain_errno = EEXIST,
     .cache = MemoryCache::kCoherent,
     .calls = {"1"},
     .outcome = {kNotRequested, 0},
     .slot_errno = EEXIST},
};

class MemoryCacheTable : public testing::TestWithParam<Row> {};

TEST_P(MemoryCacheTable, row) {
  const Row& row = GetParam();
  FakeKvm kvm(row);
  const MemoryCacheTypes types(kvm, row.host, row.cache == MemoryCache::kNoncoherent);
  const auto slot = types.set_slot(kvm, row.cache);
  EXPECT_THAT(kvm.calls, ElementsAreArray(row.calls));
  EXPECT_EQ(to_string(slot.cache), to_string(row.outcome));
  EXPECT_EQ(slot.os_errno, row.slot_errno);
}

INSTANTIATE_TEST_SUITE_P(Kernels, MemoryCacheTable, testing::ValuesIn(kRows),
                         [](const auto& row) { return row.param.name; });

TEST(MemoryCache, a_coherent_region_beside_a_noncoherent_one_gets_no_flag) {
  const Row row{.name = "", .capabilities = {{236, 1}}, .calls = {}, .outcome = {}};
  FakeKvm kvm(row);
  const MemoryCacheTypes types(kvm, CpuVendor::kIntel, true);
  EXPECT_EQ(types.set_slot(kvm, MemoryCache::kCoherent).cache.outcome, kNotRequested);
  EXPECT_EQ(types.set_slot(kvm, MemoryCache::kNoncoherent).cache.outcome, kAppliedPerSlot);
  EXPECT_THAT(kvm.calls, ElementsAre("1", "1 flag"));
}

TEST(MemoryCache, dropped_and_failed_types_are_not_what_was_asked_for) {
  for (const CacheOutcome outcome :
       {kNotRequested, kAppliedPerSlot, kAppliedVmWide, kHonouredByCpu}) {
    EXPECT_TRUE(satisfied({outcome, 0})) << to_string(CacheResult{outcome, 0});
  }
  for (const CacheOutcome outcome : {kDroppedNoCapability, kDroppedRefused, kError}) {
    EXPECT_FALSE(satisfied({outcome, ENOMEM})) << to_string(CacheResult{outcome, ENOMEM});
  }
}

TEST(MemoryCache, errors_are_reported_by_name) {
  EXPECT_EQ(to_string(CacheResult{kError, ENOMEM}), "error ENOMEM");
}

} // namespace
} // namespace schedrig::kvm
