// SPDX-License-Identifier: MIT
#include "backend/affinity_facet.hpp"

#include <string>

#include <schedrig/export.hpp>

#include "channel/task_messages.hpp"

namespace schedrig::kvm {

Status AgentAffinity::pin(std::span<const std::int32_t> pids,
                          std::span<const std::uint32_t> cpus) noexcept {
  return guard("pin", [&] { return request_pin(pids, cpus); });
}

Result<> AgentAffinity::request_pin(std::span<const std::int32_t> pids,
                                    std::span<const std::uint32_t> cpus) {
  if (pids.size() > kMaxPinnedProcesses || cpus.size() > kMaxReportedCpus) {
    return fail(StatusCode::kInvalidArgument, "pin: " + std::to_string(pids.size()) +
                                                  " processes to " + std::to_string(cpus.size()) +
                                                  " CPUs in one request");
  }
  const std::uint32_t request = link_.new_request();
  Answer answer;
  const auto on_answer = [&](const Parsed& frame) -> Result<bool> {
    if (frame.type != MessageType::kPinReply) {
      return fail(StatusCode::kBadData, "pin: unexpected answer of the guest agent");
    }
    answer = TRY(decode_answer(frame.payload));
    return true;
  };
  TRY(link_.exchange(request, encode_pin_request(request, pids, cpus), "pin",
                     std::chrono::steady_clock::now() + timeout_, on_answer));
  if (auto outcome = from_outcome(answer.outcome); !outcome) {
    return std::unexpected(std::move(outcome).error().context("pin"));
  }
  return {};
}

} // namespace schedrig::kvm
