// SPDX-License-Identifier: MIT
// The files facet over the agent. Splits batches to what one request may hold.
// Thread: host thread. Errors: files.hpp; every request has the link's deadline.
#pragma once

#include <chrono>

#include <schedrig/files.hpp>

#include "backend/agent_link.hpp"
#include "backend/machine_clock.hpp"

namespace schedrig::kvm {

class AgentFiles final : public FilesFacet {
 public:
  AgentFiles(AgentLink& link, const MachineClock& clock, std::chrono::nanoseconds timeout) noexcept
      : link_(link), clock_(clock), timeout_(timeout) {}

  Status run(std::span<const FileOp> ops, FileBatchMode mode,
             FileReplySink& sink) noexcept override;

 private:
  [[nodiscard]] Result<> run_all(std::span<const FileOp> ops, FileBatchMode mode,
                                 FileReplySink& sink);
  // Executes ops, which fit one request; returns whether all were executed without an error.
  [[nodiscard]] Result<bool> run_part(std::span<const FileOp> ops, std::uint32_t first_index,
                                      FileBatchMode mode, FileReplySink& sink);

  AgentLink& link_;
  const MachineClock& clock_;
  std::chrono::nanoseconds timeout_;
};

} // namespace schedrig::kvm
