// SPDX-License-Identifier: MIT
// The guest requests facet: programs in the machine ask the host for something while they run
// (guest_request.h is their side). The backend carries requests and replies and looks into neither.
//
// A request waits until the host takes it and until it replies; a program that stops waiting takes
// its request along. When one comes, waits of the machine end with WakeReason::kEvent.
#pragma once

#include <cstdint>
#include <string_view>

#include <schedrig/status.hpp>

namespace schedrig {

enum class GuestRequestKind : std::uint32_t {
  kKernelOp = 1, // body: a KernelRequest, reply: a KernelReply (kernel_wire.hpp)
  kSnapshot = 2, // body: a tag
};

// Of a request's body and of a reply's: one message of a local socket.
inline constexpr std::uint32_t kMaxGuestRequestBytes = 64 * 1024;

struct GuestRequest {
  std::uint32_t size = sizeof(GuestRequest);
  std::uint32_t number = 0; // names it until it is replied to
  std::uint32_t kind = 0;   // as the program gave it: any number
  std::uint32_t reserved = 0;
  std::string_view body; // valid until the next call of next()
};

struct GuestReply {
  std::uint32_t size = sizeof(GuestReply);
  StatusCode code = StatusCode::kOk;
  std::int32_t os_errno = 0;
  std::uint32_t reserved = 0;
  std::string_view body; // of a request that went well; else a line that says why
};

class GuestRequestsFacet {
 public:
  static constexpr std::string_view kInterfaceId = "schedrig.guest_requests/1";

  // [host-thread] The request that has waited longest. kNotFound: none waits.
  virtual Status next(GuestRequest* out) noexcept = 0;

  // [host-thread] Once for each that was taken. kNotFound: its program waits no more.
  virtual Status reply(std::uint32_t number, const GuestReply& reply) noexcept = 0;

 protected:
  ~GuestRequestsFacet() = default;
};

} // namespace schedrig
