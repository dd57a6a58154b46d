// SPDX-License-Identifier: MIT
// Result<T>, Error and TRY: how failures travel inside host and plugins (C++23).
//
// Never crosses a plugin boundary: there it becomes a Status (to_status / from_status).
// Propagate with TRY; add what the caller knows with Error::context; handle where there is a
// choice. An Error's message is lower case, without a full stop, and names what was tried, on
// what and what was observed; help says what to do. Thread: any. Ownership: values.
#pragma once

#if __cplusplus < 202100L
#error "schedrig/result.hpp needs C++23; C++20 plugin code uses schedrig/status.hpp"
#endif

#include <cerrno>
#include <cstring>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

#include <schedrig/status.hpp>

namespace schedrig {

struct Error {
  StatusCode code = StatusCode::kInternal;
  std::string message;
  std::string help;
  int os_errno = 0; // positive errno when a system call or the kernel under test said no

  // Puts "what: " in front of the message.
  Error context(std::string_view what) && {
    message.insert(0, std::string(what) + ": ");
    return std::move(*this);
  }
};

template <class T = void> using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(StatusCode code, std::string message, std::string help = {}) {
  return std::unexpected(Error{code, std::move(message), std::move(help), 0});
}

// "what: strerror (ENAME is left to the reader's libc)"; os_errno is kept for callers that branch.
inline std::unexpected<Error> fail_errno(int os_errno, std::string what, std::string help = {}) {
  what += ": ";
  what += strerrordesc_np(os_errno) != nullptr ? strerrordesc_np(os_errno) : "unknown error";
  if (const char* name = strerrorname_np(os_errno); name != nullptr) {
    what += " (" + std::string(name) + ")";
  }
  return std::unexpected(Error{StatusCode::kOs, std::move(what), std::move(help), os_errno});
}

inline Status to_status(const Error& error) noexcept {
  return Status::make(error.code, error.message, error.help, error.os_errno);
}

inline Status to_status(const Result<>& result) noexcept {
  return result ? Status{} : to_status(result.error());
}

inline Result<> from_status(const Status& status) {
  if (status.ok()) {
    return {};
  }
  return std::unexpected(Error{status.code, status.message, status.help, status.os_errno});
}

} // namespace schedrig

// Evaluates to the value of a Result, or returns its error from the enclosing function.
// A statement expression because g++ 12's std::expected has no and_then.
// NOLINTBEGIN(bugprone-macro-parentheses)
#define TRY(...)                                                                                   \
  __extension__({                                                                                  \
    auto schedrig_result = (__VA_ARGS__);                                                          \
    if (!schedrig_result) {                                                                        \
      return std::unexpected(std::move(schedrig_result).error());                                  \
    }                                                                                              \
    *std::move(schedrig_result);                                                                   \
  })
// NOLINTEND(bugprone-macro-parentheses)
