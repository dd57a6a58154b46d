// SPDX-License-Identifier: MIT
#include "backend/memory_facet.hpp"

#include <atomic>
#include <string>

#include <schedrig/export.hpp>

namespace schedrig::kvm {
namespace {

std::uint64_t bytes_of(const MemoryAccess& access) {
  return access.kind == MemoryAccessKind::kRead ? access.into.size() : access.from.size();
}

template <class Word> bool is_word(const MemoryAccess& access, std::uint64_t bytes) {
  return bytes == sizeof(Word) && access.address % sizeof(Word) == 0;
}

// Both in place: guest memory is mapped at a page, so what is aligned there is aligned here.
template <class Word> std::atomic_ref<Word> word_at(std::byte* place) {
  return std::atomic_ref<Word>(*reinterpret_cast<Word*>(place));
}

template <class Word> void access_word(const MemoryAccess& access, std::byte* place) {
  Word value = 0;
  switch (access.kind) {
  case MemoryAccessKind::kRead:
    value = word_at<Word>(place).load(std::memory_order_acquire);
    std::memcpy(access.into.data(), &value, sizeof value);
    return;
  case MemoryAccessKind::kWrite:
    std::memcpy(&value, access.from.data(), sizeof value);
    word_at<Word>(place).store(value, std::memory_order_release);
    return;
  case MemoryAccessKind::kOr:
    std::memcpy(&value, access.from.data(), sizeof value);
    word_at<Word>(place).fetch_or(value, std::memory_order_acq_rel);
    return;
  }
}

void access_bytes(const MemoryAccess& access, std::byte* place) {
  switch (access.kind) {
  case MemoryAccessKind::kRead:
    std::memcpy(access.into.data(), place, access.into.size());
    return;
  case MemoryAccessKind::kWrite:
    std::memcpy(place, access.from.data(), access.from.size());
    return;
  case MemoryAccessKind::kOr:
    for (std::size_t i = 0; i < access.from.size(); ++i) {
      place[i] |= std::byte{access.from[i]};
    }
    return;
  }
}

Status refuse(std::span<const MemoryAccess> accesses, std::uint64_t total) {
  return Status::make(StatusCode::kInvalidArgument,
                      "a batch of " + std::to_string(accesses.size()) + " accesses and " +
                          std::to_string(total) + " bytes",
                      "at most " + std::to_string(schedrig::kMaxMemoryAccesses) + " accesses of " +
                          std::to_string(schedrig::kMaxMemoryBytes) + " bytes in all");
}

} // namespace

void GuestMemoryAccess::ranges(MemoryRangeSink& sink) noexcept {
  static_cast<void>(guard("ranges", [&] {
    for (const RamRange& range : memory_.ranges()) {
      sink.on_range({.start = range.start, .bytes = range.bytes});
    }
  }));
}

Status GuestMemoryAccess::access(std::span<const MemoryAccess> accesses,
                                 std::uint32_t* failed) noexcept {
  return guard("memory access", [&]() -> Status {
    std::uint64_t total = 0;
    for (std::uint32_t i = 0; i < accesses.size() && i < schedrig::kMaxMemoryAccesses; ++i) {
      const std::uint64_t bytes = bytes_of(accesses[i]);
      total += bytes;
      if (total <= schedrig::kMaxMemoryBytes && memory_.slice(accesses[i].address, bytes).empty()) {
        *failed = i;
        return Status::make(StatusCode::kInvalidArgument,
                            "guest-physical " + std::to_string(accesses[i].address) + ", " +
                                std::to_string(bytes) + " bytes: not all of it is RAM");
      }
    }
    if (accesses.size() > schedrig::kMaxMemoryAccesses || total > schedrig::kMaxMemoryBytes) {
      return refuse(accesses, total);
    }
    for (const MemoryAccess& access : accesses) {
      const std::uint64_t bytes = bytes_of(access);
      std::byte* const place = memory_.slice(access.address, bytes).data();
      if (is_word<std::uint32_t>(access, bytes)) {
        access_word<std::uint32_t>(access, place);
      } else if (is_word<std::uint64_t>(access, bytes)) {
        access_word<std::uint64_t>(access, place);
      } else {
        access_bytes(access, place);
      }
    }
    std::atomic_thread_fence(std::memory_order_release);
    return {};
  });
}

} // namespace schedrig::kvm
