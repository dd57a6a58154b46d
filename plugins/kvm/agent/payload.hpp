// SPDX-License-Identifier: MIT
// Payload: one execution of a program: its process, its output, how it ended.
//
// Life: spawn (forked, waits before execve(2)) -> start -> ended. The owner reaps and tells it.
// Destruction kills what is left of its process group. Thread: the agent's only one.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <sys/resource.h>
#include <sys/types.h>

#include <schedrig/result.hpp>

#include "agent/payload_output.hpp"
#include "channel/payload_messages.hpp"

namespace schedrig::agent {

class Payload {
 public:
  // Forks the leader of a process group of its own. stdin is empty; the environment is PATH, HOME,
  // LD_LIBRARY_PATH and `environment`; the working directory is the root. A program that cannot be
  // executed ends with exit status 127 and says why on stderr. Errors: kOs.
  [[nodiscard]] static Result<std::unique_ptr<Payload>>
  spawn(const kvm::PayloadSpawnRequest& request, const std::vector<std::string>& environment);
  Payload(const Payload&) = delete;
  Payload& operator=(const Payload&) = delete;
  ~Payload();

  // Lets it execute its program. kInvalidArgument: started before.
  [[nodiscard]] Result<> start();
  // SIGTERM to the process group, while the process lives.
  void terminate() noexcept;
  // SIGKILL to the process group.
  void kill() noexcept;
  void on_exit(int wait_status, const rusage& usage) noexcept;

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }
  [[nodiscard]] bool ended() const noexcept { return ended_; }
  [[nodiscard]] PayloadOutput& out() noexcept { return out_; }
  [[nodiscard]] PayloadOutput& err() noexcept { return err_; }
  // Requires: ended. The texts are views into this object.
  [[nodiscard]] PayloadReport report() const noexcept;

 private:
  Payload() : out_(Keep::kBeginning, kMaxPayloadStdout), err_(Keep::kEnd, kMaxPayloadStderr) {}

  pid_t pid_ = -1;
  kvm::UniqueFd gate_; // a byte through it starts the program, its end ends the process
  PayloadOutput out_;
  PayloadOutput err_;
  bool ended_ = false;
  bool group_is_left_ = false; // when it ended: others of its process group lived on
  int wait_status_ = 0;
  std::int64_t started_ns_ = 0;
  std::int64_t ended_ns_ = 0;
  std::int64_t cpu_ns_ = 0;
};

} // namespace schedrig::agent
