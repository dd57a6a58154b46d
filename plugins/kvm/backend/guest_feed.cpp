// SPDX-License-Identifier: MIT
// Handing output from the device thread to the host thread.
#include "backend/guest_feed.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <new>
#include <utility>

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace schedrig::kvm {
namespace {

// A boot with every message is some 100 KiB; the host takes output in every call.
constexpr std::size_t kMaxConsoleBytes = std::size_t{4} << 20;
// A few of the longest frames.
constexpr std::size_t kMaxControlBytes = std::size_t{8} << 20;
constexpr std::size_t kMaxNotices = 1000;

void signal(int eventfd) noexcept {
  const std::uint64_t one = 1;
  // Fails only when the counter is full, and then it is readable already.
  (void)!::write(eventfd, &one, sizeof one);
}

bool consume(int eventfd) noexcept {
  std::uint64_t count = 0;
  return ::read(eventfd, &count, sizeof count) == sizeof count;
}

} // namespace

Result<std::unique_ptr<GuestFeed>> GuestFeed::create() {
  UniqueFd output(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  UniqueFd interrupted(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!output || !interrupted) {
    return fail_errno(errno, "eventfd");
  }
  return std::unique_ptr<GuestFeed>(new GuestFeed(std::move(output), std::move(interrupted)));
}

GuestFeed::GuestFeed(UniqueFd output, UniqueFd interrupted) noexcept
    : output_fd_(std::move(output)), interrupt_fd_(std::move(interrupted)) {}

template <class Change> void GuestFeed::change(Change&& change_output) noexcept {
  {
    std::unique_lock lock(mutex_);
    try {
      change_output(lock);
    } catch (const std::bad_alloc&) {
      // The bound on what is queued makes this a host without memory; the end of the guest still
      // gets through, and lost control bytes show as a missing answer.
      output_.console_bytes_lost += 1;
    }
  }
  signal(output_fd_.get());
}

void GuestFeed::on_console(std::span<const std::byte> bytes) noexcept {
  change([&](auto&) {
    const std::size_t room = kMaxConsoleBytes - output_.console.size();
    const auto kept = bytes.first(std::min(room, bytes.size()));
    output_.console.insert(output_.console.end(), kept.begin(), kept.end());
    output_.console_bytes_lost += bytes.size() - kept.size();
  });
}

void GuestFeed::on_control(std::span<const std::byte> bytes) noexcept {
  change([&](std::unique_lock<std::mutex>& lock) {
    room_.wait(lock, [&] { return closed_ || output_.control.size() < kMaxControlBytes; });
    if (!closed_) {
      output_.control.insert(output_.control.end(), bytes.begin(), bytes.end());
    }
  });
}

// Hello says that the port is open; a close shows as the guest's end or as a missing answer.
void GuestFeed::on_control_open(bool /*open*/) noexcept {}

void GuestFeed::on_end(const VmEnd& end) noexcept {
  change([&](auto&) { output_.end = end; });
}

void GuestFeed::on_notice(std::string_view text) noexcept {
  change([&](auto&) {
    if (output_.notices.size() < kMaxNotices) {
      output_.notices.emplace_back(text);
    }
  });
}

void GuestFeed::on_ring_doorbell(std::uint64_t times) noexcept {
  change([&](auto&) { output_.ring_doorbells += times; });
}

// The machine knows that it is held: the host thread only has to wake up.
void GuestFeed::on_held() noexcept {
  signal(output_fd_.get());
}

GuestOutput GuestFeed::take() {
  consume(output_fd_.get());
  GuestOutput taken;
  {
    const std::lock_guard lock(mutex_);
    taken = std::exchange(output_, {});
  }
  room_.notify_all();
  return taken;
}

GuestFeed::Woken GuestFeed::wait(Deadline deadline, bool interruptible) noexcept {
  while (true) {
    const auto left = std::max(deadline - std::chrono::steady_clock::now(),
                               std::chrono::steady_clock::duration::zero());
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
    const timespec timeout{.tv_sec = seconds.count(),
                           .tv_nsec = std::chrono::nanoseconds(left - seconds).count()};
    std::array<pollfd, 2> waits{
        {{.fd = output_fd_.get(), .events = POLLIN, .revents = 0},
         {.fd = interruptible ? interrupt_fd_.get() : -1, .events = POLLIN, .revents = 0}}};
    const int ready = ::ppoll(waits.data(), waits.size(), &timeout, nullptr);
    if (waits[1].revents != 0 && consume(interrupt_fd_.get())) {
      return Woken::kInterrupted;
    }
    if (waits[0].revents != 0) {
      return Woken::kOutput;
    }
    if (ready == 0) {
      return Woken::kDeadline;
    }
  }
}

void GuestFeed::interrupt() noexcept {
  const int saved = errno;
  signal(interrupt_fd_.get());
  errno = saved;
}

void GuestFeed::close() noexcept {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  room_.notify_all();
}

void GuestFeed::reopen() noexcept {
  const std::lock_guard lock(mutex_);
  output_ = {};
  closed_ = false;
  consume(output_fd_.get());
  consume(interrupt_fd_.get());
}

} // namespace schedrig::kvm
