// SPDX-License-Identifier: MIT
#include "agent/shared_events.hpp"

#include <cerrno>
#include <new>

#include <sys/mman.h>

#include <schedrig/work.hpp>

#include "agent/futex.hpp"

namespace schedrig::agent {
namespace {

constexpr std::size_t kBytes = sizeof(SharedEvent) * kMaxWorkResources;

} // namespace

SharedEvents::~SharedEvents() {
  if (events_ != nullptr) {
    ::munmap(events_, kBytes);
  }
}

Result<SharedEvent*> SharedEvents::map() {
  if (events_ == nullptr) {
    void* memory =
        ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
      return fail_errno(errno, "mmap of the events of sequences");
    }
    events_ = static_cast<SharedEvent*>(memory);
    for (std::uint32_t i = 0; i < kMaxWorkResources; ++i) {
      new (events_ + i) SharedEvent;
    }
  }
  return events_;
}

void SharedEvents::group_ends() noexcept {
  if (--groups_ > 0) {
    return;
  }
  for (std::uint32_t i = 0; i < kMaxWorkResources; ++i) {
    new (events_ + i) SharedEvent;
  }
}

void SharedEvents::release(pid_t owner) noexcept {
  for (std::uint32_t i = 0; i < kMaxWorkResources && groups_ > 0; ++i) {
    std::atomic<std::uint32_t>& word = events_[i].owner;
    const std::uint32_t held = word.load(std::memory_order_acquire);
    if ((held & ~kWaitedFor) == static_cast<std::uint32_t>(owner)) {
      word.store(0, std::memory_order_release);
      wake(word, 1);
    }
  }
}

} // namespace schedrig::agent
