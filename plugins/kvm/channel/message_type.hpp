// SPDX-License-Identifier: MIT
// The message types of the control channel and the longest payload of each. Knows no layout.
//
// The upper three bytes of a type spell "SCH", so that random bytes rarely look like a frame.
// Every payload but hello, log and notice starts with a u32 request id: chosen by the host, never
// zero, repeated by every answer, so that an answer that comes too late is told from the next one.
// Thread: any (constants).
#pragma once

#include <cstdint>
#include <optional>

#include <schedrig/affinity.hpp>
#include <schedrig/files.hpp>
#include <schedrig/mem_policy.hpp>
#include <schedrig/tasks.hpp>

namespace schedrig::kvm {

// Hello carries it; the two ends must agree exactly: host and agent are built together.
inline constexpr std::uint32_t kProtocolVersion = 1;

inline constexpr std::uint32_t kTypeBase = 0x53434800U;

enum class MessageType : std::uint32_t {
  kHello = kTypeBase + 1,        // agent: once, first
  kLog = kTypeBase + 2,          // agent
  kNotice = kTypeBase + 3,       // agent: something a person should see
  kRefused = kTypeBase + 4,      // agent: a request that could not be decoded or is unknown
  kClockRequest = kTypeBase + 5, // host
  kClockReply = kTypeBase + 6,
  kFileRequest = kTypeBase + 7, // host
  kFileReply = kTypeBase + 8,   // one for each executed operation
  kFileDone = kTypeBase + 9,
  kSpawnRequest = kTypeBase + 10, // host
  kSpawnReply = kTypeBase + 11,
  kStartRequest = kTypeBase + 12, // host
  kStartReply = kTypeBase + 13,
  kStopRequest = kTypeBase + 14,  // host
  kWorkerReport = kTypeBase + 15, // one for each worker
  kStopReply = kTypeBase + 16,
  kShutdownRequest = kTypeBase + 17, // host
  kShutdownReply = kTypeBase + 18,
  kPinRequest = kTypeBase + 19, // host
  kPinReply = kTypeBase + 20,
  kMemPolicyRequest = kTypeBase + 21, // host
  kMemPolicyReply = kTypeBase + 22,
};

inline constexpr std::uint32_t kMaxTextBytes = 4096; // one line of log, notice or error
// One file operation of the largest size, its path and the head of the request. A longer batch is
// sent as several requests.
inline constexpr std::uint32_t kMaxFileRequestBytes = kMaxFileBytes + kMaxPathBytes + 64;
// CPUs that a worker's report can name: more than a machine of ours has (kMaxCpus).
inline constexpr std::uint32_t kMaxReportedCpus = 1024;

// The longest payload of a type; none for a type that is not in the list above.
[[nodiscard]] constexpr std::optional<std::uint32_t> max_payload(std::uint32_t type) noexcept {
  switch (static_cast<MessageType>(type)) {
  case MessageType::kHello:
    return 2048;
  case MessageType::kLog:
  case MessageType::kNotice:
  case MessageType::kRefused:
  case MessageType::kStartReply:
  case MessageType::kStopReply:
  case MessageType::kPinReply:
  case MessageType::kMemPolicyReply:
    return kMaxTextBytes + 64;
  case MessageType::kClockRequest:
  case MessageType::kClockReply:
  case MessageType::kFileDone:
  case MessageType::kStartRequest:
  case MessageType::kStopRequest:
  case MessageType::kShutdownRequest:
  case MessageType::kShutdownReply:
    return 64;
  case MessageType::kFileRequest:
    return kMaxFileRequestBytes;
  case MessageType::kFileReply:
    return kMaxFileBytes + 64;
  case MessageType::kSpawnRequest:
    return kMaxReportedCpus * 4 + 64;
  case MessageType::kPinRequest:
    return kMaxPinnedProcesses * 4 + kMaxReportedCpus * 4 + 64;
  case MessageType::kMemPolicyRequest:
    return kMaxMemNodes * 4 + 64;
  case MessageType::kSpawnReply:
    return kMaxWorkersPerGroup * 4 + kMaxTextBytes + 64;
  case MessageType::kWorkerReport:
    return kMaxReportedCpus * 4 + kGapsPerWorker * 24 + 128;
  }
  return std::nullopt;
}

} // namespace schedrig::kvm
