// SPDX-License-Identifier: MIT
// KvmMachine: one machine of this backend: a Vm, the agent in it, and the facets over the agent.
//
// Life: create or create_from (the Vm exists, nothing runs) -> boot -> facets, wait_until ->
// shut_down. Events are delivered on the host thread only, from inside calls. Errors: backend.hpp.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include <schedrig/backend.hpp>

#include "backend/affinity_facet.hpp"
#include "backend/agent_link.hpp"
#include "backend/bpf_maps_facet.hpp"
#include "backend/files_facet.hpp"
#include "backend/freeze_facet.hpp"
#include "backend/guest_feed.hpp"
#include "backend/guest_monitor.hpp"
#include "backend/guest_requests_facet.hpp"
#include "backend/machine_clock.hpp"
#include "backend/machine_options.hpp"
#include "backend/machine_pool.hpp"
#include "backend/machine_waits.hpp"
#include "backend/mem_policy_facet.hpp"
#include "backend/memory_facet.hpp"
#include "backend/payloads_facet.hpp"
#include "backend/ring_facet.hpp"
#include "backend/saved_session.hpp"
#include "backend/schedulers_facet.hpp"
#include "backend/stop_watch_facet.hpp"
#include "backend/tasks_facet.hpp"
#include "backend/vcpu_control_facet.hpp"
#include "backend/vcpus_facet.hpp"
#include "backend/vm_channel.hpp"
#include "backend/watch_facet.hpp"
#include "template/template_files.hpp"
#include "vmm/vm.hpp"

namespace schedrig::kvm {

class KvmMachine final : public Machine, private MachineWaits {
 public:
  // Reads kernel and agent and creates the Vm. `events` must outlive the machine.
  [[nodiscard]] static Result<std::unique_ptr<KvmMachine>>
  create(const MachineSpec& spec, const MachineOptions& options, EventSink& events);
  // A machine whose boot() lets the saved one go on. `content` and `pool` must outlive it.
  // machine_fork.cpp has all of this.
  [[nodiscard]] static Result<std::unique_ptr<KvmMachine>>
  create_from(const TemplateContent& content, std::uint64_t seed, const MachineOptions& options,
              EventSink& events, MachinePool& pool);
  // Destroys a machine of either kind; one of a template behind the caller's back. Its events end.
  static void destroy(std::unique_ptr<KvmMachine> machine) noexcept;
  // What save() says of a machine that was booted; an error is the one of save().
  void set_template_fields(Result<TemplateFields> fields) { template_fields_ = std::move(fields); }
  [[nodiscard]] Result<TemplateContent> save(std::chrono::nanoseconds timeout);
  [[nodiscard]] Result<> reset(std::uint64_t seed, std::chrono::nanoseconds timeout);
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

  void set_vm(std::unique_ptr<Vm> vm, const MachineOptions& options);
  [[nodiscard]] Result<> boot_guest(std::chrono::nanoseconds timeout);
  [[nodiscard]] Result<> meet_agent(Deadline deadline);
  [[nodiscard]] std::vector<PageRun> first_writes(Deadline deadline);
  [[nodiscard]] std::unexpected<Error> boot_error(Error error) const;
  void report_phases();
  [[nodiscard]] Result<WakeReason> wait(std::int64_t deadline_ns,
                                        const std::function<bool()>& enough) override;
  void report_facts(FactSink& sink) const;
  [[nodiscard]] Result<> power_off(Deadline deadline);
  void hear_last_words();
  [[nodiscard]] Result<> stop(std::chrono::nanoseconds timeout);

  // Of a machine that was made from a template.
  struct Origin {
    SavedSession session;
    std::uint64_t seed = 0;
    const TemplateContent* content = nullptr;
    MachinePool* pool = nullptr;
  };
  [[nodiscard]] Result<> resume_guest(const Origin& origin, Deadline deadline);

  // Those that need no agent.
  struct VmFacets {
    VmFacets(Vm& vm, MachineClock& clock, VmChannel& channel, AgentLink& link,
             std::int64_t watchdog_ns)
        : memory(vm.memory()), freezer(vm, clock, channel, link), vcpus(vm),
          watchdog(vm, watchdog_ns), control(vm, clock), watch(vm, clock),
          stop_watch(vm, freezer, clock), ring(vm) {}

    GuestMemoryAccess memory;
    VmFreezer freezer;
    VmVcpus vcpus;
    VmWatchdog watchdog;
    VmVcpuControl control;
    VmWatch watch;
    VmStopWatch stop_watch;
    VmRing ring;
  };

  // Round trips after the first; a machine that starts in milliseconds does not wait for more.
  static constexpr int kForkClockSamples = 2;

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
  AgentBpfMaps bpf_maps_;
  AgentMemPolicy mem_policy_;
  AgentPayloads payloads_;
  AgentGuestRequests guest_requests_;
  KernelSchedulers schedulers_;
  Hello hello_;
  std::int64_t boot_called_ns_ = 0; // host clock
  std::int64_t vm_started_ns_ = 0;  // host clock
  std::int64_t hello_ns_ = 0;       // host clock
  std::int64_t create_ns_ = 0;      // what create_from or reset took
  std::uint64_t changed_pages_ = 0; // that the last reset took back
  std::optional<Origin> origin_;
  Result<TemplateFields> template_fields_{TemplateFields{}};
  std::unique_ptr<Vm> vm_;            // its device thread ends before what it calls goes away
  std::optional<VmFacets> vm_facets_; // of vm_
};

} // namespace schedrig::kvm
