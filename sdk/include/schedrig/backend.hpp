// SPDX-License-Identifier: MIT
// Backend and Machine: what a backend plugin implements. A backend is small: raw facilities
// ("facets"), each optional and found by id. Everything else is written once, in the host.
//
// Facets of this release: schedrig.files/1 (files.hpp), schedrig.tasks/1 (tasks.hpp),
// schedrig.affinity/1 (affinity.hpp), schedrig.mempolicy/1 (mem_policy.hpp), schedrig.payloads/1
// (payloads.hpp), schedrig.schedulers/1 (schedulers.hpp), schedrig.memory/1 (guest_memory.hpp),
// schedrig.freeze/1 (freeze.hpp), schedrig.vcpus/1 (vcpus.hpp), schedrig.watch/1 (watch.hpp),
// schedrig.activity/1 (activity.hpp), schedrig.cpuuse/1 (cpu_use.hpp),
// schedrig.guest_requests/1 (guest_requests.hpp), schedrig.kernel/1 (kernel_image.hpp); of the
// plugin, not of a machine: schedrig.probes/1 (probe.hpp), schedrig.paramcheck/1
// (param_check.hpp), schedrig.fork/1 (fork.hpp).
//
// Thread: all methods [host-thread] unless they say otherwise. Life: create_machine -> boot ->
// facets, wait_until -> shut_down -> destroy_machine; shut_down and destroy_machine are allowed at
// any point after create_machine. Times are nanoseconds of the machine's clock (0 = boot done).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include <schedrig/memory_regions.hpp>
#include <schedrig/params.hpp>
#include <schedrig/plugin.hpp>
#include <schedrig/scheduler_exit.hpp>
#include <schedrig/status.hpp>
#include <schedrig/topology.hpp>

namespace schedrig {

struct MachineSpec {
  std::uint32_t size = sizeof(MachineSpec);
  std::uint32_t reserved = 0;
  TopologyView topology; // validated
  std::uint64_t memory_bytes = 0;
  std::string_view kernel_image;   // path of a bzImage or vmlinux; empty if needs_kernel_image is 0
  std::string_view kernel_cmdline; // appended to the backend's own
  std::uint64_t seed = 1;          // for every PRNG of the machine
  ParamsView params;               // the [backend.NAME] section, defaults filled in
  // The memory from its start on, without gaps; they add up to memory_bytes. Empty: all coherent.
  std::span<const MemoryRegion> regions;
};

enum class EventKind : std::uint32_t {
  kConsoleLine = 0,   // text: one line of the machine's console; the host judges the kernel's words
  kBootPhase = 1,     // text: phase name; value: nanoseconds since boot() was called
  kSchedulerExit = 2, // text: kind, reason and message; value: the kernel's exit kind
  kMachineFailed = 3, // text: panic, reset, lost agent; the machine can only be shut down
  kNotice = 4,        // text: anything else a person should see
};

struct Event {
  std::uint32_t size = sizeof(Event);
  EventKind kind = EventKind::kNotice;
  std::int64_t at_ns = 0;
  std::int64_t value = 0;
  std::string_view text;
  const SchedulerExit* exit = nullptr; // of kSchedulerExit, where more than the text is known
};

// Owned by the host. Called on the host thread only, from inside calls to the machine.
class EventSink {
 public:
  virtual void on_event(const Event& event) noexcept = 0;

 protected:
  ~EventSink() = default;
};

// Receives facts as key and value: "kernel.release" = "6.18.15+deb13-cloud-amd64",
// "exits.io" = "412". Keys are stable; docs/reference/report.md lists them.
class FactSink {
 public:
  virtual void on_fact(std::string_view key, std::string_view value) noexcept = 0;

 protected:
  ~FactSink() = default;
};

enum class ClockKind : std::uint32_t { kVirtual = 0, kReal = 1 };

struct BackendInfo {
  std::uint32_t size = sizeof(BackendInfo);
  ClockKind clock = ClockKind::kReal;
  std::uint32_t needs_kernel_image = 0;
  std::uint32_t max_cpus = 0;
  // Since ABI minor 1. Of a machine on any host; 0: no limit of the backend's own.
  std::uint64_t min_memory_bytes = 0;
  std::uint64_t max_memory_bytes = 0;
};

// Why wait_until returned Ok.
enum class WakeReason : std::uint32_t {
  kDeadline = 0,
  kEvent = 1,      // an event other than a console line was delivered
  kInterrupted = 2 // interrupt() was called
};

class Machine {
 public:
  // The facet with this id, or null if this machine lacks it. Valid until destroy_machine.
  virtual void* query(std::string_view interface_id) noexcept = 0;

  // Starts the machine and returns when it can execute file operations. kTimeout when the machine
  // does not get there within timeout_ns of host time: the message says how far it got.
  virtual Status boot(std::int64_t timeout_ns) noexcept = 0;

  // [any-thread] The machine's clock. Monotonic.
  [[nodiscard]] virtual std::int64_t now_ns() noexcept = 0;

  // Lets the machine run until its clock reads at least deadline_ns, delivering events. Returns
  // early when there is something for the host to look at. kGuestFailed: the machine is dead.
  virtual Status wait_until(std::int64_t deadline_ns, WakeReason* reason) noexcept = 0;

  // [any-thread, async-signal-safe] Makes the current or next wait (boot included) return at once.
  virtual void interrupt() noexcept = 0;

  // What the machine is and what it measured, for reports. Allowed in every state.
  virtual void describe(FactSink& sink) noexcept = 0;

  // Stops everything. Always leaves the machine stopped; an error says what did not go cleanly.
  virtual Status shut_down(std::int64_t timeout_ns) noexcept = 0;

 protected:
  ~Machine() = default;
};

class Backend {
 public:
  static constexpr std::string_view kInterfaceId = "schedrig.backend/1";

  virtual void info(BackendInfo* out) noexcept = 0;

  // Each facet its machines can have on this host: key = facet id, value = empty when available,
  // else the reason why not.
  virtual void facets(FactSink& sink) noexcept = 0;

  // `events` must outlive the machine. *out is set only on success.
  virtual Status create_machine(const MachineSpec& spec, EventSink& events,
                                Machine** out) noexcept = 0;
  virtual void destroy_machine(Machine* machine) noexcept = 0;

 protected:
  ~Backend() = default;
};

template <class Facet> [[nodiscard]] Facet* query(Machine& machine) noexcept {
  return static_cast<Facet*>(machine.query(Facet::kInterfaceId));
}

} // namespace schedrig
