// SPDX-License-Identifier: MIT
// The message types of the control channel and the longest payload of each. Knows no layout.
//
// The upper three bytes of a type spell "SCH", so that random bytes rarely look like a frame.
// Every payload but hello, log, notice, kPayloadEnded and kGuestRequest starts with a u32 request
// id: chosen by the host, never zero, repeated by every answer, so that an answer that comes too
// late is told from the next one. Thread: any (constants).
#pragma once

#include <cstdint>
#include <optional>

#include <schedrig/affinity.hpp>
#include <schedrig/bpf_maps.hpp>
#include <schedrig/files.hpp>
#include <schedrig/guest_requests.hpp>
#include <schedrig/mem_policy.hpp>
#include <schedrig/payloads.hpp>
#include <schedrig/tasks.hpp>

namespace schedrig::kvm {

// Hello carries it; the two ends must agree exactly: host and agent are built together.
inline constexpr std::uint32_t kProtocolVersion = 5;

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
  kStageRequest = kTypeBase + 23, // host: a piece of a file
  kStageReply = kTypeBase + 24,
  kPayloadSpawn = kTypeBase + 25, // host
  kPayloadSpawnReply = kTypeBase + 26,
  kPayloadStart = kTypeBase + 27, // host
  kPayloadStartReply = kTypeBase + 28,
  kPayloadCollect = kTypeBase + 29, // host
  kPayloadKill = kTypeBase + 30,    // host
  kPayloadOutput = kTypeBase + 31,  // a piece of what it printed
  kPayloadEnd = kTypeBase + 32,     // of collect and kill, after the output
  kPayloadEnded = kTypeBase + 33,   // agent, unasked
  kPayloadTail = kTypeBase + 34,    // agent, unasked: the end of what it has printed so far
  kGuestRequest = kTypeBase + 35,   // agent, unasked: a program in the guest wants something
  kGuestReply = kTypeBase + 36,     // host
  kGuestReplyDone = kTypeBase + 37,
  kIdentityRequest = kTypeBase + 38, // host: who a machine is that was saved and started again
  kIdentityReply = kTypeBase + 39,
  kPayloadTerminate = kTypeBase + 40, // host: SIGTERM
  kPayloadTerminateReply = kTypeBase + 41,
  kMapPin = kTypeBase + 42, // host
  kMapPinReply = kTypeBase + 43,
  kMapUnpinAll = kTypeBase + 44, // host
  kMapUnpinAllReply = kTypeBase + 45,
};

inline constexpr std::uint32_t kMaxTextBytes = 4096; // one line of log, notice or error
// One file operation of the largest size, its path and the head of the request. A longer batch is
// sent as several requests.
inline constexpr std::uint32_t kMaxFileRequestBytes = kMaxFileBytes + kMaxPathBytes + 64;
// Staged files come in pieces, each in memory at both ends; a mebibyte keeps the round trips few.
inline constexpr std::uint32_t kMaxStagePieceBytes = 1024 * 1024;
// Larger than any program or library of a distribution; the guest's memory is the real limit.
inline constexpr std::uint64_t kMaxStagedFileBytes = 1ULL << 30U;
inline constexpr std::uint32_t kMaxOutputPieceBytes = 64 * 1024;
inline constexpr std::uint32_t kMaxTailBytes = 1024; // a message and a stack trace
inline constexpr std::uint32_t kMaxLibraryPathBytes = 4096;
// What the kernel's pool of entropy holds, twice.
inline constexpr std::uint32_t kMinEntropyBytes = 32;
inline constexpr std::uint32_t kMaxEntropyBytes = 64;
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
  case MessageType::kStageReply:
  case MessageType::kPayloadSpawnReply:
  case MessageType::kPayloadStartReply:
  case MessageType::kPayloadTerminateReply:
  case MessageType::kPayloadEnd:
  case MessageType::kGuestReplyDone:
  case MessageType::kIdentityReply:
  case MessageType::kMapPinReply:
  case MessageType::kMapUnpinAllReply:
    return kMaxTextBytes + 128;
  case MessageType::kClockRequest:
  case MessageType::kClockReply:
  case MessageType::kFileDone:
  case MessageType::kStartRequest:
  case MessageType::kStopRequest:
  case MessageType::kShutdownRequest:
  case MessageType::kShutdownReply:
  case MessageType::kPayloadStart:
  case MessageType::kPayloadCollect:
  case MessageType::kPayloadKill:
  case MessageType::kPayloadTerminate:
  case MessageType::kPayloadEnded:
  case MessageType::kMapUnpinAll:
    return 64;
  case MessageType::kMapPin:
    return kMaxPathBytes + kMaxBpfMapName + 64;
  case MessageType::kIdentityRequest:
    return kMaxEntropyBytes + 64;
  case MessageType::kGuestRequest:
  case MessageType::kGuestReply:
    return kMaxGuestRequestBytes + 64;
  case MessageType::kStageRequest:
    return kMaxStagePieceBytes + kMaxPathBytes + 64;
  case MessageType::kPayloadSpawn:
    return kMaxPathBytes + kMaxLibraryPathBytes +
           (kMaxPayloadArgs + 1) * (kMaxPayloadArgBytes + 4) + 64;
  case MessageType::kPayloadOutput:
    return kMaxOutputPieceBytes + 64;
  case MessageType::kPayloadTail:
    return kMaxTailBytes + 64;
  case MessageType::kFileRequest:
    return kMaxFileRequestBytes;
  case MessageType::kFileReply:
    return kMaxFileBytes + 64;
  case MessageType::kSpawnRequest:
    return kMaxReportedCpus * 4 + kMaxPhases * 20 + 128;
  case MessageType::kPinRequest:
    return kMaxPinnedProcesses * 4 + kMaxReportedCpus * 4 + 64;
  case MessageType::kMemPolicyRequest:
    return kMaxMemNodes * 4 + 64;
  case MessageType::kSpawnReply:
    return kMaxWorkersPerGroup * 4 + kMaxTextBytes + 64;
  case MessageType::kWorkerReport:
    return kMaxReportedCpus * 4 + kGapsPerWorker * 24 + kWakeLatenciesPerWorker * 8 + 128;
  }
  return std::nullopt;
}

} // namespace schedrig::kvm
