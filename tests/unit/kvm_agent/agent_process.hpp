// SPDX-License-Identifier: MIT
// AgentProcess: the real agent on this machine, at the other end of a socket, and the host's link
// to it. What the link's sinks hear is kept for the tests.
#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

#include "backend/affinity_facet.hpp"
#include "backend/agent_link.hpp"
#include "backend/files_facet.hpp"
#include "backend/guest_requests_facet.hpp"
#include "backend/machine_clock.hpp"
#include "backend/mem_policy_facet.hpp"
#include "backend/payloads_facet.hpp"
#include "backend/tasks_facet.hpp"
#include "vmm/unique_fd.hpp"

namespace schedrig::kvm {

// A deadline for every step of a test: microseconds, but a loaded machine may give a process
// nothing for seconds.
inline constexpr std::chrono::seconds kTestTimeout{30};
[[nodiscard]] inline Deadline soon() {
  return std::chrono::steady_clock::now() + kTestTimeout;
}

class SocketChannel final : public ByteChannel {
 public:
  explicit SocketChannel(UniqueFd fd) : fd_(std::move(fd)) {}
  Result<> send(ByteView bytes, Deadline deadline) override;
  Result<> receive(Bytes& into, Deadline deadline) override;
  void close() { fd_.reset(); }

 private:
  UniqueFd fd_;
};

// A socket pair: one end for the link, the other for whoever plays the agent.
struct SocketPair {
  UniqueFd link;
  UniqueFd agent;
};
[[nodiscard]] SocketPair make_socket_pair();

class RecordedLines final : public AgentLines {
 public:
  void on_agent_log(const TextLine& line) override { logs.push_back(line.text); }
  void on_agent_notice(std::string_view text) override { notices.emplace_back(text); }

  std::vector<std::string> logs;
  std::vector<std::string> notices;
};

// A directory of its own, gone with everything in it at the end.
class StageRoot {
 public:
  StageRoot();
  ~StageRoot();
  StageRoot(const StageRoot&) = delete;
  StageRoot& operator=(const StageRoot&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Waits on the channel, as the machine does on its guest.
class SocketWaits final : public MachineWaits {
 public:
  SocketWaits(SocketChannel& channel, AgentLink& link, MachineClock& clock)
      : channel_(channel), link_(link), clock_(clock) {}
  Result<WakeReason> wait(std::int64_t deadline_ns, const std::function<bool()>& enough) override;

 private:
  SocketChannel& channel_;
  AgentLink& link_;
  MachineClock& clock_;
};

class AgentProcess {
 public:
  AgentProcess(); // starts the agent and waits for its hello
  ~AgentProcess();
  AgentProcess(const AgentProcess&) = delete;
  AgentProcess& operator=(const AgentProcess&) = delete;

  // Waits for the end of the process; its wait status. At most kTestTimeout, then -1.
  [[nodiscard]] int wait_for_end();

 private:
  SocketPair sockets_ = make_socket_pair();
  pid_t pid_ = -1;

 public:
  StageRoot stage_root;
  SocketChannel channel{std::move(sockets_.link)};
  RecordedLines lines;
  AgentLink link{channel, lines};
  Hello hello;
  MachineClock clock;
  AgentFiles files{link, clock, kTestTimeout};
  AgentTasks tasks{link, clock, kTestTimeout};
  AgentAffinity affinity{link, kTestTimeout};
  AgentMemPolicy mem_policy{link, kTestTimeout};
  SocketWaits waits{channel, link, clock};
  AgentPayloads payloads{link, clock, waits, kTestTimeout};
};

} // namespace schedrig::kvm
