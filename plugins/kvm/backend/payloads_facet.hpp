// SPDX-License-Identifier: MIT
// The payloads facet over the agent: a program of this host and the libraries that it needs are
// staged into the guest, at the paths that they have here, once each; then it runs there.
// Thread: host thread. Errors: payloads.hpp, program_files.hpp; each request has a deadline.
#pragma once

#include <chrono>
#include <map>
#include <set>
#include <string>

#include <schedrig/payloads.hpp>

#include "backend/agent_link.hpp"
#include "backend/machine_clock.hpp"
#include "backend/machine_waits.hpp"
#include "backend/program_files.hpp"
#include "channel/payload_messages.hpp"

namespace schedrig::kvm {

// Payloads that the backend itself looks after, such as a scheduler's loader.
class OwnPayloads : public PayloadsFacet {
 public:
  // SIGTERM to the process group, if it lives.
  [[nodiscard]] virtual Result<> terminate(std::uint32_t payload) = 0;
  // Whether the agent has said so, or there is no such payload.
  [[nodiscard]] virtual bool has_ended(std::uint32_t payload) const = 0;

 protected:
  ~OwnPayloads() = default;
};

class AgentPayloads final : public OwnPayloads, public PayloadNewsSink {
 public:
  AgentPayloads(AgentLink& link, const MachineClock& clock, MachineWaits& waits,
                std::chrono::nanoseconds timeout) noexcept;

  Status spawn(const PayloadSpec& spec, std::uint32_t* payload,
               std::int32_t* pid) noexcept override;
  Status start(std::uint32_t payload) noexcept override;
  Status wait(std::uint32_t payload, std::int64_t deadline_ns, PayloadWake* why) noexcept override;
  Status collect(std::uint32_t payload, PayloadReportSink& sink) noexcept override;
  Status kill(std::uint32_t payload, PayloadReportSink& sink) noexcept override;

  Result<> terminate(std::uint32_t payload) override;
  [[nodiscard]] bool has_ended(std::uint32_t payload) const override;

  // The guest is another one: nothing is staged in it, nothing runs.
  void forget();

  void on_payload_ended(std::uint32_t payload) override;
  void on_payload_tail(const PayloadTail& tail) override;

 private:
  struct Known {
    bool ended = false;
    std::string stdout_tail; // as the agent last told
    std::string stderr_tail;
  };
  struct Staged {
    std::string program; // absolute path
    std::string library_path;
  };

  [[nodiscard]] Result<> spawn_payload(const PayloadSpec& spec, std::uint32_t* payload,
                                       std::int32_t* pid);
  [[nodiscard]] Result<Staged> stage(const PayloadSpec& spec);
  [[nodiscard]] Result<> stage_files(const ProgramFiles& found);
  [[nodiscard]] Result<> stage_file(const ProgramFile& file);
  [[nodiscard]] Result<> ask(std::uint32_t request, ByteView frame, std::string_view what,
                             MessageType answer_type);
  [[nodiscard]] Result<> wait_for_end(std::uint32_t payload, std::int64_t deadline_ns,
                                      PayloadWake& why);
  [[nodiscard]] Result<> take(MessageType type, std::uint32_t payload, PayloadReportSink& sink);
  [[nodiscard]] Result<> exchange_for_report(MessageType type, std::uint32_t payload,
                                             PayloadReportSink& sink);

  AgentLink& link_;
  const MachineClock& clock_;
  MachineWaits& waits_;
  std::chrono::nanoseconds timeout_;
  std::map<std::string, Staged> staged_; // by program and files as the scenario spells them
  std::set<std::string> files_;          // that are in the guest
  std::map<std::uint32_t, Known> payloads_;
};

} // namespace schedrig::kvm
