// SPDX-License-Identifier: MIT
// SchedulerControl: which scheduler the machine runs. Attaches and detaches by the scenario's
// names, tells a scheduler's own exit from what the scenario asked for, restarts it when both it
// and the scenario want that, and writes the report's scheduler_events. The kernel's own scheduler
// (eevdf) is "nothing attached". Thread: host. Owns nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <schedrig/backend.hpp>
#include <schedrig/result.hpp>
#include <schedrig/scenario.hpp>
#include <schedrig/schedulers.hpp>

#include "host/engine/observer.hpp"
#include "host/engine/run_report.hpp"

namespace schedrig::engine {

inline constexpr std::string_view kKernelsOwn = "eevdf";

// A scheduler that a scenario may name.
struct SchedulerChoice {
  std::string name;  // as the scenario writes it: of a plugin, a path or a [[scheduler]]
  std::string label; // as machine and reports show it
  Plugin* plugin = nullptr;
  ParamsView params; // bound
};

// The exits that the machine has reported so far, oldest first; grows during facet calls and waits.
class ExitSource {
 public:
  [[nodiscard]] virtual std::span<const SchedulerEvent> exits() const = 0;

 protected:
  ~ExitSource() = default;
};

class SchedulerControl {
 public:
  // `run` says which exits are expected and whether to restart. All must outlive the control.
  // The observer hears what is written into the report.
  SchedulerControl(SchedulersFacet& facet, Machine& machine, const ExitSource& exits,
                   std::span<const SchedulerChoice> choices, const RunConfig& run,
                   RunReport& report, RunObserver& observer);

  // kAlreadyExists names the one attached; kNotFound an unknown name; eevdf cannot be attached.
  Result<> attach(std::string_view name, std::int64_t timeout_ns);
  // kNotFound when nothing is attached.
  Result<> detach();
  // The attached one again, with its own parameters.
  Result<> restart();
  // Detach and attach; when the second half fails the machine is left without a scheduler.
  Result<> replace(std::string_view name, std::int64_t timeout_ns);

  // Hears of each exit by an error (kinds from kExitError on), before anything else is done about
  // it and before it is recorded; empty: nobody does. Outlives the control, or is taken away.
  using OnError = std::function<void(SchedulerEvent&)>;
  void set_on_error(OnError on_error) { on_error_ = std::move(on_error); }

  // Hears that a scheduler has been attached (true), and that it is about to be detached or has
  // exited, behind OnError (false). Outlives the control, or is taken away.
  using OnChange = std::function<void(bool attached)>;
  void set_on_change(OnChange on_change) { on_change_ = std::move(on_change); }

  // Deals with exits since the last look. kSchedulerExit for one that nobody asked for, from then
  // on each time.
  Result<> look();

  // The name of the one attached; empty: none.
  [[nodiscard]] std::string_view attached() const;
  // Whether an exit was as the scenario expects it.
  [[nodiscard]] bool saw_expected_exit() const { return saw_expected_exit_; }

 private:
  void record(SchedulerEvent event);
  void tell(bool attached) const;
  [[nodiscard]] Result<const SchedulerChoice*> find(std::string_view name) const;
  [[nodiscard]] Result<> check_attachable(std::string_view name) const;
  [[nodiscard]] Result<> check_attached(std::string_view what) const;
  Result<> bring_up(const SchedulerChoice& choice, std::int64_t timeout_ns,
                    std::optional<std::int64_t> gone_since_ns);
  Result<> take_down();
  Result<> swap(const SchedulerChoice& next, std::int64_t timeout_ns);
  Result<> deal_with(SchedulerEvent exit);
  [[nodiscard]] bool is_expected(const SchedulerEvent& exit) const;

  SchedulersFacet& facet_;
  Machine& machine_;
  const ExitSource& exits_;
  std::span<const SchedulerChoice> choices_;
  const RunConfig& run_;
  RunReport& report_;
  RunObserver& observer_;
  const SchedulerChoice* attached_ = nullptr;
  std::size_t seen_; // exits that have been dealt with
  std::uint32_t restarts_ = 0;
  bool saw_expected_exit_ = false;
  std::optional<Error> unexpected_;
  OnError on_error_;
  OnChange on_change_;
};

// What a person is told of an exit that nobody asked for.
[[nodiscard]] Error exit_error(const SchedulerEvent& exit);

} // namespace schedrig::engine
