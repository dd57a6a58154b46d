// SPDX-License-Identifier: MIT
// Connection: the agent's end of the control channel: whole frames out, pieces of stream in.
//
// Works on a virtio-console port (drivers/char/virtio_console.c: read answers 0 and poll POLLHUP
// when the host has closed the port) and on a socket alike. Ownership: the descriptor.
#pragma once

#include <cstdint>

#include <schedrig/result.hpp>

#include "channel/frame.hpp"
#include "channel/messages.hpp"
#include "vmm/unique_fd.hpp"

namespace schedrig::agent {

class Connection {
 public:
  // Sets the descriptor non-blocking.
  [[nodiscard]] static Result<Connection> open(kvm::UniqueFd fd);

  [[nodiscard]] int fd() const noexcept { return fd_.get(); }

  // Writes the whole frame. kTimeout when the host takes nothing for kSendTimeoutMs; kGuestFailed
  // when the channel is closed.
  [[nodiscard]] Result<> send(kvm::ByteView frame);

  // What is there now goes into the parser. False: there is no more to come, the host has closed.
  [[nodiscard]] Result<bool> receive();

  [[nodiscard]] kvm::FrameParser& parser() noexcept { return parser_; }

 private:
  explicit Connection(kvm::UniqueFd fd) noexcept : fd_(std::move(fd)) {}

  kvm::UniqueFd fd_;
  kvm::FrameParser parser_;
};

} // namespace schedrig::agent
