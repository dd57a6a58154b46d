// SPDX-License-Identifier: MIT
// What a program in the machine is told of a request that failed, as an errno. Thread: any.
#pragma once

#include <cerrno>
#include <cstdint>

#include <schedrig/status.hpp>

namespace schedrig {

[[nodiscard]] constexpr std::int32_t request_errno(StatusCode code,
                                                   std::int32_t os_errno) noexcept {
  switch (code) {
  case StatusCode::kOk:
    return 0;
  case StatusCode::kInvalidArgument:
    return EINVAL;
  case StatusCode::kNotFound:
    return ENOENT;
  case StatusCode::kAlreadyExists:
    return EEXIST;
  case StatusCode::kUnsupported:
    return EOPNOTSUPP;
  case StatusCode::kTimeout:
    return ETIMEDOUT;
  case StatusCode::kBadData:
    return EBADMSG;
  case StatusCode::kOs:
    return os_errno > 0 ? os_errno : EIO;
  default:
    return EIO;
  }
}

} // namespace schedrig
