// SPDX-License-Identifier: MIT
// Server: the agent's poll loop: says hello, then answers one request at a time, in order.
//
// Every request gets its answer or a kRefused with its id: bytes that make no sense are reported
// by a notice and change nothing. Thread: the only one of the process.
#pragma once

#include <schedrig/result.hpp>

#include "agent/child_watch.hpp"
#include "agent/connection.hpp"
#include "agent/group_table.hpp"

namespace schedrig::agent {

class Server {
 public:
  Server(Connection& connection, ChildWatch& children);

  // Returns after a shutdown request was answered. Errors: the channel closed or failed.
  [[nodiscard]] Result<> run();

 private:
  [[nodiscard]] Result<> say_hello();
  [[nodiscard]] Result<> drain();
  [[nodiscard]] Result<> on_frame(const kvm::Parsed& frame);
  [[nodiscard]] Result<> on_file_request(kvm::ByteView payload);
  [[nodiscard]] Result<> on_spawn(kvm::ByteView payload);
  [[nodiscard]] Result<> on_start(kvm::ByteView payload);
  [[nodiscard]] Result<> on_stop(kvm::ByteView payload);
  [[nodiscard]] Result<> on_pin(kvm::ByteView payload);
  [[nodiscard]] Result<> on_mem_policy(kvm::ByteView payload);
  [[nodiscard]] Result<> refuse(kvm::ByteView payload, const Error& error);
  void notice(const std::string& text);

  Connection& connection_;
  ChildWatch& children_;
  GroupTable groups_;
  std::int64_t received_ns_ = 0; // when the bytes that are being handled had arrived
  bool shutting_down_ = false;
};

} // namespace schedrig::agent
