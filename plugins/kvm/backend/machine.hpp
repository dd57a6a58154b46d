// SPDX-License-Identifier: MIT
// KvmMachine: one machine of this backend: a Vm, the agent in it, and the facets over the agent.
//
// Life: create (the Vm exists, nothing runs) -> boot -> facets, wait_until -> shut_down. Events are
// delivered on the host thread only, from inside calls. Errors: backend.hpp.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include <schedrig/backend.hpp>

#include "backend/affinity_facet.hpp"
#include "backend/agent_link.hpp"
#include "backend/files_facet.hpp"
#include "backend/guest_feed.hpp"
#include "backend/guest_monitor.hpp"
#include "backend/machine_clock.hpp"
#include "backend/mem_policy_facet.hpp"
#include "backend/schedulers_facet.hpp"
#include "backend/tasks_facet.hpp"
#include "backend/vm_channel.hpp"
#include "vmm/vm.hpp"

namespace schedrig::kvm {

struct MachineOptions {
  std::string agent_path;
  std::chrono::nanoseconds agent_timeout; // of each request to the agent
  std::optional<CpuVendor> vendor;        // default: the host CPU's
};

class KvmMachine final : public Machine {
 public:
  // Reads kernel and agent and creates the Vm. `events` must outlive the machine.
  [[nodiscard]] static Result<std::unique_ptr<KvmMachine>>
  create(const MachineSpec& spec, const MachineOptions& options, EventSink& events);
  ~KvmMachine();
  KvmMachine(const KvmMachine&) = delete;
  KvmMachine& operator=(const KvmMachine&) = delete;

  void* query(std::string_view interface_id) noexcept override;
  Status boot(std::int64_t timeout_ns) noexcept override;
  [[nodiscard]] std::int64_t now_ns() noexcept override;
  Status wait_until(std::int64_t deadline_ns, WakeReason* reason) noexcept override;
  void interrupt() noexcept override;
  void describe(FactSink& sink) noexcept override;
  Status shut_down(std::int64_t timeout_ns) noexcept override;

 private:
  KvmMachine(const MachineOptions& options, EventSink& events, std::unique_ptr<GuestFeed> feed);

  [[nodiscard]] Result<> boot_guest(std::chrono::nanoseconds timeout);
  [[nodiscard]] Result<> meet_agent(Deadline deadline);
  [[nodiscard]] std::unexpected<Error> boot_error(Error error) const;
  void report_phases();
  [[nodiscard]] Result<> wait_for_wake(std::int64_t deadline_ns, WakeReason& reason);
  void report_facts(FactSink& sink) const;
  [[nodiscard]] Result<> power_off(Deadline deadline);
  [[nodiscard]] Result<> stop(std::chrono::nanoseconds timeout);

  enum class State { kCreated, kBooting, kRunning, kStopped };

  State state_ = State::kCreated;
  MachineClock clock_;
  std::unique_ptr<GuestFeed> feed_;
  GuestMonitor monitor_;
  VmChannel channel_;
  AgentLink link_;
  AgentFiles files_;
  AgentTasks tasks_;
  AgentAffinity affinity_;
  AgentMemPolicy mem_policy_;
  KernelSchedulers schedulers_;
  Hello hello_;
  std::int64_t boot_called_ns_ = 0; // host clock
  std::int64_t vm_started_ns_ = 0;  // host clock
  std::int64_t hello_ns_ = 0;       // host clock
  std::unique_ptr<Vm> vm_;          // last: its device thread ends before what it calls goes away
};

} // namespace schedrig::kvm
