// SPDX-License-Identifier: MIT
// Status: the only thing that says "it failed" across the plugin boundary.
//
// A fixed-size POD, so that no allocator, exception or C++ library object is shared between host
// and plugin. Returned by value; the receiver owns its copy. Text is UTF-8, bounded, always
// zero-terminated, and cut at a character boundary when it does not fit. Thread: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

namespace schedrig {

// What class of failure this is. The host maps it to exit codes and verdicts; the text is for
// people. Values are part of the ABI: append only.
enum class StatusCode : std::uint32_t {
  kOk = 0,
  kInvalidArgument = 1, // the caller asked for something that makes no sense
  kNotFound = 2,        // a named object does not exist
  kAlreadyExists = 3,   // a name is taken
  kUnsupported = 4,     // this backend, host or kernel cannot do it
  kOs = 5,              // a system call or the kernel under test said no: see os_errno
  kTimeout = 6,         // a deadline passed
  kInterrupted = 7,     // the user asked to stop
  kGuestFailed = 8,     // the machine under test died: panic, reset, lost agent
  kBadData = 9,         // bytes from outside (guest, file) are malformed
  kInternal = 10,       // a bug in the plugin or in schedrig
  kSchedulerExit = 11,  // the scheduler under test ended by itself
};

struct Status {
  static constexpr std::size_t kMessageBytes = 1024; // fits a path (PATH_MAX is cut) and a sentence
  static constexpr std::size_t kHelpBytes = 512;

  std::uint32_t size = sizeof(Status);
  StatusCode code = StatusCode::kOk;
  std::int32_t os_errno = 0; // positive errno when code is kOs, else 0
  std::uint32_t reserved = 0;
  char message[kMessageBytes]; // what was tried, on what, what was observed
  char help[kHelpBytes];       // what to do about it; may be empty

  Status() noexcept { message[0] = help[0] = '\0'; }

  [[nodiscard]] bool ok() const noexcept { return code == StatusCode::kOk; }

  [[nodiscard]] static Status make(StatusCode code, std::string_view message,
                                   std::string_view help = {}, std::int32_t os_errno = 0) noexcept {
    Status status;
    status.code = code;
    status.os_errno = os_errno;
    copy_text(status.message, kMessageBytes, message);
    copy_text(status.help, kHelpBytes, help);
    return status;
  }

 private:
  static void copy_text(char* to, std::size_t room, std::string_view text) noexcept {
    std::size_t n = text.size() < room ? text.size() : room - 1;
    if (n < text.size()) {
      // 10xxxxxx bytes continue a character: step back to where one starts.
      while (n > 0 && (static_cast<unsigned char>(text[n]) & 0xC0U) == 0x80U) {
        --n;
      }
    }
    if (n > 0) {
      std::memcpy(to, text.data(), n);
    }
    to[n] = '\0';
  }
};

static_assert(std::is_trivially_copyable_v<Status>);
static_assert(sizeof(Status) == 16 + Status::kMessageBytes + Status::kHelpBytes);

} // namespace schedrig
