// SPDX-License-Identifier: MIT
#include "memory_slots.hpp"

#include <algorithm>
#include <utility>

#include "cpuid/cpuid.hpp"
#include "kvm_ioctl.hpp"
#include "kvm_system.hpp"

namespace schedrig::kvm {
namespace {

// struct kvm_userspace_memory_region2 and its ioctl (Linux 6.8, include/uapi/linux/kvm.h): older
// headers lack them.
struct SlotRegion2 {
  kvm_userspace_memory_region slot;
  std::uint64_t guest_memfd_offset = 0;
  std::uint32_t guest_memfd = 0;
  std::uint32_t padding = 0;
  std::uint64_t reserved[14] = {};
};
static_assert(sizeof(SlotRegion2) == 160);
constexpr unsigned long kSetUserMemoryRegion2 = _IOW(KVMIO, 0x49, SlotRegion2);

class VmMemoryCalls final : public MemoryCalls {
 public:
  explicit VmMemoryCalls(int vm_fd) : vm_fd_(vm_fd) {}

  int capability(int number) noexcept override {
    return check_extension(vm_fd_, number).value_or(0);
  }
  int disable_quirks(std::uint64_t quirks) noexcept override {
    kvm_enable_cap enable{};
    enable.cap = kCapDisableQuirks2;
    enable.args[0] = quirks;
    const auto enabled = SCHEDRIG_KVM(vm_fd_, KVM_ENABLE_CAP, &enable);
    return enabled ? 0 : enabled.error().os_errno;
  }

 private:
  int vm_fd_;
};

class VmSlotSetter final : public SlotSetter {
 public:
  VmSlotSetter(int vm_fd, const kvm_userspace_memory_region& slot)
      : vm_fd_(vm_fd), region_{.slot = slot} {}

  int set(const SlotCall& call) noexcept override {
    region_.slot.flags = call.flags;
    last_ = call.version2
                ? kvm_ioctl(vm_fd_, kSetUserMemoryRegion2, "KVM_SET_USER_MEMORY_REGION2", &region_)
                : SCHEDRIG_KVM(vm_fd_, KVM_SET_USER_MEMORY_REGION, &region_.slot);
    return last_ ? 0 : last_.error().os_errno;
  }
  [[nodiscard]] const Result<int>& last() const { return last_; }

 private:
  int vm_fd_;
  SlotRegion2 region_;
  Result<int> last_ = 0;
};

Result<> check_required(const MemoryRegion& region, const CacheResult& result) {
  if (region.required == 0 || satisfied(result)) {
    return {};
  }
  return fail(
      StatusCode::kUnsupported,
      "memory region \"" + std::string(region.name) +
          "\": its noncoherent cache type is required, and was " + to_string(result),
      "`schedrig doctor` says what this host's KVM offers; without `required` the region is "
      "coherent here");
}

// One after another, in slots of rising numbers.
class Slots {
 public:
  Slots(int vm_fd, const GuestMemory& memory, const MemoryCacheTypes& types)
      : vm_fd_(vm_fd), memory_(memory), types_(types) {}

  Result<CacheResult> add(std::uint64_t bytes, MemoryCache cache) {
    CacheResult worst;
    for (const RamRange& range : ram_ranges(offset_, bytes)) {
      const CacheResult result = TRY(set(range, cache));
      worst = satisfied(worst) ? result : worst;
    }
    offset_ += bytes;
    return worst;
  }

 private:
  Result<CacheResult> set(const RamRange& range, MemoryCache cache) {
    kvm_userspace_memory_region slot{};
    slot.slot = next_++;
    slot.guest_phys_addr = range.start;
    slot.memory_size = range.bytes;
    slot.userspace_addr = reinterpret_cast<std::uintptr_t>(memory_.base() + range.offset);
    VmSlotSetter setter(vm_fd_, slot);
    const auto done = types_.set_slot(setter, cache);
    (void)TRY(setter.last());
    return done.cache;
  }

  int vm_fd_;
  const GuestMemory& memory_;
  const MemoryCacheTypes& types_;
  std::uint64_t offset_ = 0;
  std::uint32_t next_ = 0;
};

} // namespace

Result<std::vector<RegionCache>> set_memory_slots(int kvm_fd, int vm_fd, const GuestMemory& memory,
                                                  std::span<const MemoryRegion> regions,
                                                  std::optional<CpuVendor> cpu) {
  const bool noncoherent = std::ranges::any_of(regions, [](const MemoryRegion& region) {
    return region.cache == MemoryCache::kNoncoherent;
  });
  if (noncoherent && !cpu) {
    cpu = vendor_of(TRY(supported_cpuid(kvm_fd)));
  }
  VmMemoryCalls calls(vm_fd);
  const MemoryCacheTypes types(calls, cpu.value_or(CpuVendor::kIntel), noncoherent);
  Slots slots(vm_fd, memory, types);
  std::vector<RegionCache> done;
  if (regions.empty()) {
    (void)TRY(slots.add(memory.size(), MemoryCache::kCoherent));
  }
  for (const MemoryRegion& region : regions) {
    const CacheResult result = TRY(slots.add(region.bytes, region.cache));
    TRY(check_required(region, result));
    done.push_back({.name = std::string(region.name), .result = result});
  }
  return done;
}

} // namespace schedrig::kvm
