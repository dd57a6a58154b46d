// SPDX-License-Identifier: MIT
// PayloadTable: all payloads of this machine by number. Reaping is done by whoever owns the
// SIGCHLD descriptor; it tells the table. Thread: the agent's only one.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <poll.h>

#include "agent/payload.hpp"

namespace schedrig::agent {

// Each holds up to a mebibyte of output in the agent's locked memory.
inline constexpr std::size_t kMaxPayloads = 64;

class PayloadTable {
 public:
  // Waits, at most until then, for a child to end or for output; tells on_exit of ends.
  using Wait = std::function<void(std::int64_t until_ns)>;

  // environment: "NAME=VALUE" that every payload gets besides its own.
  PayloadTable(Wait wait, std::vector<std::string> environment)
      : wait_(std::move(wait)), environment_(std::move(environment)) {}

  // Errors of all: kNotFound names the payload; else those of Payload.
  [[nodiscard]] Result<kvm::PayloadSpawnReply> spawn(const kvm::PayloadSpawnRequest& request);
  [[nodiscard]] Result<> start(std::uint32_t payload);
  // SIGTERM to its process group; none is left when it has ended.
  [[nodiscard]] Result<> terminate(std::uint32_t payload);
  // Hands a payload over that has ended. kInvalidArgument while it lives.
  [[nodiscard]] Result<std::unique_ptr<Payload>> collect(std::uint32_t payload);
  // Kills it first. kTimeout: it did not end within 5 s of SIGKILL; it is forgotten.
  [[nodiscard]] Result<std::unique_ptr<Payload>> kill(std::uint32_t payload);

  // The number of the payload whose process that was; 0: none of them.
  [[nodiscard]] std::uint32_t on_exit(pid_t pid, int wait_status, const rusage& usage) noexcept;

  // All payloads live on without a number: their output is read and thrown away, nobody is told how
  // they end.
  void disown();

  // The pipes to wait for, and reading from them when something is there.
  void add_waits(std::vector<pollfd>& waits) const;
  void read_output() noexcept;

  // The end of each stream that has grown since the last call, and whether there is any.
  [[nodiscard]] bool has_tails() const noexcept;
  using TailSink = std::function<void(const kvm::PayloadTail& tail)>;
  void take_tails(const TailSink& sink);

 private:
  [[nodiscard]] Result<Payload*> find(std::uint32_t payload);
  [[nodiscard]] std::unique_ptr<Payload> take(std::uint32_t payload);
  [[nodiscard]] std::vector<Payload*> with_pipes() const;

  Wait wait_;
  std::vector<std::string> environment_;
  std::map<std::uint32_t, std::unique_ptr<Payload>> payloads_;
  std::vector<std::unique_ptr<Payload>> disowned_;
  std::uint32_t next_ = 1;
};

} // namespace schedrig::agent
