// SPDX-License-Identifier: MIT
// Server: the agent's poll loop: says hello, then answers one request at a time, in order.
//
// Every request gets its answer or a kRefused with its id: bytes that make no sense are reported
// by a notice and change nothing. Thread: the only one of the process.
#pragma once

#include <schedrig/result.hpp>

#include "agent/bpf_maps.hpp"
#include "agent/child_watch.hpp"
#include "agent/connection.hpp"
#include "agent/group_table.hpp"
#include "agent/payload_table.hpp"
#include "agent/request_socket.hpp"
#include "agent/staging.hpp"

namespace schedrig::agent {

class Server {
 public:
  // Staged files go below stage_root; empty: the machine is this agent's, its root and all.
  Server(Connection& connection, ChildWatch& children, RequestSocket& requests,
         std::string stage_root);

  // Returns after a shutdown request was answered. Errors: the channel closed or failed.
  [[nodiscard]] Result<> run();

 private:
  [[nodiscard]] Result<> say_hello();
  void wait_for_children(std::int64_t until_ns);
  // server_payloads.cpp: reads the payloads' output and, now and then, tells its end; how long to
  // wait at most until it has to again, in ms; -1: for ever.
  void read_output();
  [[nodiscard]] int output_timeout_ms() const;
  [[nodiscard]] Result<> drain();
  [[nodiscard]] Result<> on_frame(const kvm::Parsed& frame);
  [[nodiscard]] Result<> on_file_request(kvm::ByteView payload);
  [[nodiscard]] Result<> on_spawn(kvm::ByteView payload);
  [[nodiscard]] Result<> on_start(kvm::ByteView payload);
  [[nodiscard]] Result<> on_stop(kvm::ByteView payload);
  [[nodiscard]] Result<> on_pin(kvm::ByteView payload);
  [[nodiscard]] Result<> on_mem_policy(kvm::ByteView payload);
  [[nodiscard]] Result<> on_map_pin(kvm::ByteView payload);
  [[nodiscard]] Result<> on_guest_reply(kvm::ByteView payload);
  [[nodiscard]] Result<> on_identity(kvm::ByteView payload);
  // server_payloads.cpp
  [[nodiscard]] Result<> on_stage(kvm::ByteView payload);
  [[nodiscard]] Result<> on_payload_spawn(kvm::ByteView payload);
  [[nodiscard]] Result<> on_payload_start(kvm::ByteView payload);
  [[nodiscard]] Result<> on_payload_terminate(kvm::ByteView payload);
  [[nodiscard]] Result<> on_payload_end(kvm::ByteView payload, bool kill);
  [[nodiscard]] Result<> send_output(std::uint32_t request, kvm::PayloadStream stream,
                                     std::string_view text);
  void on_other_exit(pid_t pid, int wait_status, const rusage& usage);
  [[nodiscard]] Result<> refuse(kvm::ByteView payload, const Error& error);
  void notice(const std::string& text);

  Connection& connection_;
  ChildWatch& children_;
  RequestSocket& requests_;
  bool owns_machine_;
  Staging staging_;
  GroupTable groups_;
  PayloadTable payloads_;
  BpfMaps maps_;
  std::int64_t received_ns_ = 0; // when the bytes that are being handled had arrived
  std::int64_t tails_sent_ns_ = 0;
  bool shutting_down_ = false;
};

} // namespace schedrig::agent
