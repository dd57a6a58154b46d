// SPDX-License-Identifier: MIT
// The schedulers facet of a real kernel. `eevdf` is the kernel's own scheduler, which runs as long
// as nothing is attached. Any other is a program in the guest: schedrig-scx with a BPF object, or a
// loader of its own; it is attached when sysfs says so, and has exited when its program has ended.
//
// Detaching asks the kernel first (sysrq-S), then the program (SIGTERM), then kills it.
// Thread: host thread. Errors: schedulers.hpp.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include <schedrig/files.hpp>
#include <schedrig/schedulers.hpp>

#include "backend/loader_report.hpp"
#include "backend/machine_clock.hpp"
#include "backend/payloads_facet.hpp"
#include "backend/scheduler_launch.hpp"

namespace schedrig::kvm {

class KernelSchedulers final : public SchedulersFacet {
 public:
  using ExitSink = std::function<void(const SchedulerExit& exit)>;

  // All must outlive the facet. `loader`: path of schedrig-scx on this host.
  KernelSchedulers(FilesFacet& files, OwnPayloads& payloads, const MachineClock& clock,
                   std::string loader, ExitSink on_exit);

  Status can_attach(std::string_view id, Plugin& scheduler) noexcept override;
  Status attach(std::string_view id, Plugin& scheduler, ParamsView params,
                std::int64_t timeout_ns) noexcept override;
  Status detach(std::int64_t timeout_ns) noexcept override;

  // The longest timeout that schedrig-scx gives a scheduler's watchdog from now on; 0: what each
  // asks for. A loader program decides for itself.
  void limit_watchdog(std::int64_t timeout_ns) noexcept { watchdog_ns_ = timeout_ns; }

  // Tells of an exit, if one has come since the last look. Asks the agent only when one has.
  void look() noexcept;
  // The guest is another one, with nothing attached.
  void forget() noexcept { attached_.reset(); }

 private:
  struct Attached {
    std::string id;
    std::string program; // the loader, as this host knows it
    std::uint32_t payload = 0;
    std::int32_t pid = 0;
    bool own_loader = false;
  };
  struct Ended {
    LoaderReport report;
    std::int32_t wait_status = 0;
    std::int64_t at_ns = 0;
  };

  [[nodiscard]] Result<> attach_program(std::string_view id, SchedExtProgram& program,
                                        ParamsView params, std::int64_t timeout_ns);
  [[nodiscard]] Result<Attached> start(std::string_view id, const SchedulerLaunch& launch);
  // Returns whether it still is.
  [[nodiscard]] Result<bool> wait_attached(const Attached& starting, std::int64_t deadline_ns);
  [[nodiscard]] std::unexpected<Error> give_up(const Attached& starting, Error error);
  [[nodiscard]] Result<> detach_program(std::int64_t timeout_ns);
  [[nodiscard]] Result<> wait_gone(const Attached& leaving, std::int64_t deadline_ns);
  // The payload's end; it is killed first if it still lives.
  [[nodiscard]] Result<Ended> collect(const Attached& from);
  void tell(const Attached& gone, const Ended& ended);
  [[nodiscard]] std::unexpected<Error> not_detached(const Attached& leaving,
                                                    const std::string& state);
  // What sched_ext is at last, when its loader is dead: "disabled" if it took no longer than that.
  [[nodiscard]] Result<std::string> state_after_grace();
  // For errors: which program with which pid does what.
  [[nodiscard]] std::string state_of_loader(const Attached& of);
  // A sysfs file of sched_ext; empty: it is not there.
  [[nodiscard]] Result<std::string> sched_ext(std::string_view file);
  [[nodiscard]] Result<std::string> first_line(const std::string& path);
  [[nodiscard]] Result<> pause(std::uint32_t payload, std::int64_t deadline_ns);

  FilesFacet& files_;
  OwnPayloads& payloads_;
  const MachineClock& clock_;
  std::string loader_;
  ExitSink on_exit_;
  std::int64_t watchdog_ns_ = 0;
  std::optional<Attached> attached_;
};

} // namespace schedrig::kvm
