// SPDX-License-Identifier: MIT
// KvmList: the "count, padding, entries[]" arguments of KVM_SET_CPUID2, KVM_SET_MSRS and the like.
//
// <linux/kvm.h> of Linux 6.1 declares their flexible arrays so that C++ gives the structs another
// size than C (12 or 16 bytes, not 8), and the ioctl numbers, which encode the size, are wrong in
// C++. So the header and the numbers are spelt out here. Ownership: values. Thread: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>
#include <vector>

#include <linux/kvm.h>

namespace schedrig::kvm {

struct KvmListHeader {
  std::uint32_t count;
  std::uint32_t padding; // also "flags"; 0
};
static_assert(sizeof(KvmListHeader) == 8);

// Numbers as in C: the fourth byte group is sizeof(KvmListHeader).
inline constexpr unsigned long kGetSupportedCpuid = _IOWR(KVMIO, 0x05, KvmListHeader);
inline constexpr unsigned long kSetGsiRouting = _IOW(KVMIO, 0x6a, KvmListHeader);
inline constexpr unsigned long kSetMsrs = _IOW(KVMIO, 0x89, KvmListHeader);
inline constexpr unsigned long kSetCpuid2 = _IOW(KVMIO, 0x90, KvmListHeader);

template <class Entry> class KvmList {
 public:
  static_assert(std::is_trivially_copyable_v<Entry> && alignof(Entry) <= alignof(std::uint64_t));

  // `count` entries, all zero.
  explicit KvmList(std::size_t count)
      : storage_(1 + (count * sizeof(Entry) + sizeof(std::uint64_t) - 1) / sizeof(std::uint64_t)) {
    const KvmListHeader header{.count = static_cast<std::uint32_t>(count), .padding = 0};
    std::memcpy(storage_.data(), &header, sizeof(header));
  }
  explicit KvmList(std::span<const Entry> entries) : KvmList(entries.size()) {
    if (!entries.empty()) {
      std::memcpy(storage_.data() + 1, entries.data(), entries.size_bytes());
    }
  }

  [[nodiscard]] std::uint64_t* argument() noexcept { return storage_.data(); }

  // What KVM left there: at most as many as there was room for.
  [[nodiscard]] std::vector<Entry> entries() const {
    KvmListHeader header{};
    std::memcpy(&header, storage_.data(), sizeof(header));
    const std::size_t room = (storage_.size() - 1) * sizeof(std::uint64_t) / sizeof(Entry);
    std::vector<Entry> result(header.count < room ? header.count : room);
    if (!result.empty()) {
      std::memcpy(result.data(), storage_.data() + 1, result.size() * sizeof(Entry));
    }
    return result;
  }

 private:
  std::vector<std::uint64_t> storage_; // header, then entries
};

} // namespace schedrig::kvm
