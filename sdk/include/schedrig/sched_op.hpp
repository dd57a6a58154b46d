// SPDX-License-Identifier: MIT
// The eight scheduling commands on vCPUs and machines, with the semantics of Xen's sched_op
// hypercall (xen/include/public/sched.h, xen/common/sched/core.c of Xen 4.19): numbers, argument
// layouts, returns and errors.
//
// Pure: it changes the state below and says what is to happen to the vCPU; parking, moving and
// stopping are the caller's. Times are absolute nanoseconds of one clock that the caller reads.
// Ownership: plain values. Thread: the owner's.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

namespace schedrig {

enum class SchedCommandNumber : std::uint32_t {
  kYield = 0,
  kBlock = 1,
  kShutdown = 2,
  kPoll = 3,
  kRemoteShutdown = 4,
  kShutdownCode = 5,
  kWatchdog = 6,
  kPinOverride = 7,
};

enum class ShutdownReason : std::uint8_t {
  kPoweroff = 0,
  kReboot = 1,
  kSuspend = 2,
  kCrash = 3,
  kWatchdog = 4,
  kSoftReset = 5,
};

// --- arguments in the caller's memory, x86-64 ---------------------------------------------------
struct ShutdownArgument { // of shutdown and shutdown_code
  std::uint32_t reason = 0;
};
struct PollArgument {
  std::uint64_t ports = 0; // address of the first of nr_ports u32
  std::uint32_t nr_ports = 0;
  std::uint32_t padding = 0;
  std::uint64_t timeout_ns = 0; // absolute; 0: none
};
struct RemoteShutdownArgument {
  std::uint16_t domain = 0;
  std::uint16_t padding = 0;
  std::uint32_t reason = 0;
};
struct WatchdogArgument {
  std::uint32_t id = 0;
  std::uint32_t timeout_s = 0;
};
struct PinOverrideArgument {
  std::int32_t pcpu = 0; // negative undoes
};

static_assert(sizeof(ShutdownArgument) == 4);
static_assert(offsetof(PollArgument, ports) == 0);
static_assert(offsetof(PollArgument, nr_ports) == 8);
static_assert(offsetof(PollArgument, timeout_ns) == 16);
static_assert(sizeof(PollArgument) == 24);
static_assert(offsetof(RemoteShutdownArgument, domain) == 0);
static_assert(offsetof(RemoteShutdownArgument, reason) == 4);
static_assert(sizeof(RemoteShutdownArgument) == 8);
static_assert(offsetof(WatchdogArgument, id) == 0);
static_assert(offsetof(WatchdogArgument, timeout_s) == 4);
static_assert(sizeof(WatchdogArgument) == 8);
static_assert(sizeof(PinOverrideArgument) == 4);

inline constexpr std::uint32_t kMaxPolledPorts = 128;
inline constexpr std::uint32_t kEventPorts = 4096; // of a machine: what the 2-level layout has
inline constexpr std::uint32_t kWatchdogs = 2;     // of a machine

// --- state ---------------------------------------------------------------------------------------
enum class VcpuWait : std::uint8_t { kNone, kBlocked, kPolling, kSuspended };

struct SchedVcpu {
  VcpuWait wait = VcpuWait::kNone;
  bool events_enabled = true; // block sets it
  std::vector<std::uint32_t> polled_ports;
  std::uint64_t poll_until_ns = 0; // 0: no end
  std::optional<std::uint32_t> pinned_to;
};

struct SchedMachine {
  bool hardware = false; // the hardware domain: may pin, and stop other machines
  std::uint32_t pcpus = 0;
  std::vector<SchedVcpu> vcpus;
  // Events that no wait has consumed yet, and the vCPU that each notifies.
  std::map<std::uint32_t, std::uint32_t> pending_ports;
  std::array<std::optional<std::uint64_t>, kWatchdogs> watchdogs; // when they expire
  std::optional<std::uint8_t> shutdown_code; // the first that was said, by whom ever
  bool shut_down = false;                    // for shutdown_code
};

// All machines of a run; a domain is its index.
using SchedMachines = std::vector<SchedMachine>;

struct SchedCaller {
  std::uint16_t domain = 0;
  std::uint32_t vcpu = 0; // one that the machine has
  bool hardware = false;  // acts as the hardware domain, whatever the machine is
  std::uint64_t now_ns = 0;
};

// The caller's memory. False: not all of it can be read.
class SchedArguments {
 public:
  virtual bool copy(std::uint64_t address, std::span<std::byte> into) noexcept = 0;

 protected:
  ~SchedArguments() = default;
};

struct SchedOutcome {
  std::int64_t value = 0; // what the command returns, -errno of one that failed
  bool waits = false;     // it returns later: SchedWake
  bool yields = false;    // the vCPU gives up the rest of its time slice
};

// A command that waited and returns now.
struct SchedWake {
  std::uint16_t domain = 0;
  std::uint32_t vcpu = 0;
  std::int64_t value = 0;

  bool operator==(const SchedWake&) const = default;
};

// Carries a command out for a vCPU whose argument lies at `argument`. What is there is copied once,
// then checked, then used. EBUSY: yield, block or poll for a vCPU that waits.
[[nodiscard]] SchedOutcome sched_op(SchedMachines& machines, const SchedCaller& caller,
                                    std::uint32_t command, SchedArguments& memory,
                                    std::uint64_t argument);

// Makes an event pending for a vCPU. Returns who stops waiting for it. -EINVAL, in *error, and
// nobody: no such port, machine or vCPU.
[[nodiscard]] std::vector<SchedWake> raise_event(SchedMachines& machines, std::uint16_t domain,
                                                 std::uint32_t vcpu, std::uint32_t port,
                                                 int* error);

// Ends the polls and the watchdogs whose time has come; a watchdog shuts its machine down.
[[nodiscard]] std::vector<SchedWake> sched_time_passes(SchedMachines& machines,
                                                       std::uint64_t now_ns);

// When sched_time_passes has something to do next.
[[nodiscard]] std::optional<std::uint64_t> next_sched_deadline(const SchedMachines& machines);

// Lets a machine that was shut down to be suspended go on; what its own shutdown returns says how:
// 1 when the suspend was canceled, 0 when the machine was resumed. Nothing happens to other
// machines.
[[nodiscard]] std::vector<SchedWake> end_suspend(SchedMachines& machines, std::uint16_t domain,
                                                 bool canceled);

} // namespace schedrig
