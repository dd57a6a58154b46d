// SPDX-License-Identifier: MIT
// The schedulers facet of the mock machine. `eevdf` is the kernel's own scheduler: attaching it
// makes it the machine's default, to which a detach and an ejection lead back. Until then, and
// when the default itself is ejected, the built-in fallback runs.
#include <algorithm>
#include <string>

#include <schedrig/export.hpp>

#include "plugins/mock/backend/machine.hpp"

namespace schedrig::mock {
namespace {

constexpr std::string_view kDefaultScheduler = "eevdf";

std::string exit_text(const SchedulerExit& exit) {
  const ExitKindInfo info = exit_kind_info(exit.kind);
  return std::string(exit.scheduler) + ": " + std::string(info.name) + " (" +
         std::to_string(exit.kind) + "): " + std::string(info.reason) +
         (exit.message.empty() ? "" : ": " + std::string(exit.message));
}

Status no_policy(std::string_view id) {
  return Status::make(StatusCode::kUnsupported,
                      "scheduler '" + std::string(id) + "' offers no " +
                          std::string(SimPolicyFactory::kInterfaceId) +
                          ", which is what a simulated machine runs",
                      "use a backend that runs a real kernel");
}

} // namespace

Status MockMachine::can_attach(std::string_view id, Plugin& scheduler) noexcept {
  return guard("can_attach", [&]() -> Status {
    return schedrig::query<SimPolicyFactory>(scheduler) == nullptr ? no_policy(id) : Status{};
  });
}

MockMachine::Scheduler MockMachine::remember(std::string_view id, SimPolicyFactory& factory,
                                             ParamsView params) {
  Scheduler scheduler;
  scheduler.id = id;
  scheduler.factory = &factory;
  scheduler.params.assign(params.begin(), params.end());
  scheduler.texts.reserve(2 * params.size()); // the views below point into it
  for (ParamValue& param : scheduler.params) {
    param.key = scheduler.texts.emplace_back(param.key);
    param.text = scheduler.texts.emplace_back(param.text);
  }
  return scheduler;
}

Status MockMachine::attach(std::string_view id, Plugin& scheduler, ParamsView params,
                           std::int64_t timeout_ns) noexcept {
  return guard("attach", [&]() -> Status {
    if (Status status = check_up("attach"); !status.ok()) {
      return status;
    }
    auto* const factory = schedrig::query<SimPolicyFactory>(scheduler);
    if (factory == nullptr) {
      return no_policy(id);
    }
    if (!attached_.id.empty() || (id == kDefaultScheduler && !default_.id.empty())) {
      const std::string& name = attached_.id.empty() ? default_.id : attached_.id;
      return Status::make(StatusCode::kAlreadyExists,
                          "attach '" + std::string(id) + "': scheduler '" + name + "' is attached",
                          "detach it first, or use replace_scheduler");
    }
    return attach_plugin(id, *factory, params, timeout_ns);
  });
}

// The default is the kernel's own: it is there from the first instant on and no sched_ext
// scheduler.
Status MockMachine::attach_plugin(std::string_view id, SimPolicyFactory& factory, ParamsView params,
                                  std::int64_t timeout_ns) {
  const bool is_default = id == kDefaultScheduler;
  if (!is_default && timeout_ns < kAttachNs) {
    advance(std::max<Nanos>(timeout_ns, 0));
    return Status::make(StatusCode::kTimeout,
                        "attach '" + std::string(id) + "': not attached after " +
                            std::to_string(timeout_ns / 1'000'000) + " ms",
                        "loading a scheduler takes some tens of milliseconds: raise timeout");
  }
  if (!is_default) {
    advance(kAttachNs);
  }
  Scheduler wanted = remember(id, factory, params);
  if (Status status = switch_to(wanted); !status.ok()) {
    return status;
  }
  if (is_default) {
    default_ = std::move(wanted);
  } else {
    attached_ = std::move(wanted);
    sched_ext_.ops = attached_.id;
    ++sched_ext_.enable_seq;
    sched_ext_.at_attach = engine_.stats();
  }
  return {};
}

Status MockMachine::detach(std::int64_t /*timeout_ns*/) noexcept {
  return guard("detach", [&]() -> Status {
    if (Status status = check_up("detach"); !status.ok()) {
      return status;
    }
    if (attached_.id.empty()) {
      return Status::make(StatusCode::kNotFound, "detach: no scheduler is attached",
                          "eevdf is the machine's own scheduler: it cannot be detached");
    }
    if (auto kept = kernel_.keep_pinned_maps(); !kept) {
      return to_status(kept.error());
    }
    attached_ = {};
    sched_ext_.ops.clear();
    Status status = switch_to_default();
    advance(kDetachNs);
    return status;
  });
}

Status MockMachine::switch_to(const Scheduler& scheduler) {
  SimPolicy* made = nullptr;
  if (Status status = scheduler.factory->create_policy(scheduler.params, &made); !status.ok()) {
    return status;
  }
  SimPolicy* const old = std::exchange(policy_, made);
  SimPolicyFactory* const old_factory = std::exchange(policy_factory_, scheduler.factory);
  const std::uint64_t ejections = engine_.stats().ejections;
  // The kernel's own is no sched_ext scheduler.
  engine_.set_watchdog_limit(scheduler.id == kDefaultScheduler ? 0 : watchdog_limit_ns_);
  Status status = engine_.attach(*made, scheduler.id);
  if (status.ok()) {
    engine_.enforce_bandwidth(policy_ != made || scheduler.id == kDefaultScheduler);
    if (old != nullptr) {
      old_factory->destroy_policy(old);
    }
    // What breaks a rule while tasks are handed over is gone by now, with an event.
    return engine_.stats().ejections == ejections
               ? status
               : Status::make(StatusCode::kInvalidArgument,
                              "attach '" + scheduler.id +
                                  "': ejected while it took over the tasks: " + ejected_because_);
  }
  policy_ = old;
  policy_factory_ = old_factory;
  scheduler.factory->destroy_policy(made);
  return status;
}

Status MockMachine::switch_to_default() {
  if (!default_.id.empty()) {
    return switch_to(default_);
  }
  Status status = engine_.attach(fallback_, "fallback");
  engine_.enforce_bandwidth(true);
  drop_policy();
  return status;
}

void MockMachine::drop_policy() {
  if (policy_ != nullptr) {
    policy_factory_->destroy_policy(std::exchange(policy_, nullptr));
    policy_factory_ = nullptr;
  }
}

SchedulerFacts MockMachine::scheduler_facts() const {
  SchedulerFacts facts;
  const EngineStats& now = engine_.stats();
  const EngineStats& before = sched_ext_.at_attach;
  facts.name = attached_.id;
  facts.attachment = sched_ext_.enable_seq;
  facts.exit_kind = stop_watch_.exit_kind();
  facts.counters = {{"nr_enqueued", now.policy_enqueues - before.policy_enqueues},
                    {"nr_dispatched", now.policy_inserts - before.policy_inserts}};
  for (const ParamValue& param : attached_.params) {
    const bool is_name = param.key.find_first_of(".[") == std::string_view::npos;
    if (is_name && param.type != ParamType::kString && param.type != ParamType::kFloat) {
      facts.parameters.push_back(
          {std::string(param.key), static_cast<std::uint64_t>(param.integer)});
    }
  }
  return facts;
}

void MockMachine::detach_all() {
  attached_ = {};
  sched_ext_.ops.clear();
  default_ = {};
  static_cast<void>(engine_.attach(fallback_, "fallback"));
  drop_policy();
}

// The engine runs the fallback now; the machine's default, if another one failed, follows.
void MockMachine::on_ejecting(std::int64_t exit_kind) noexcept {
  static_cast<void>(guard("ejection", [&] { stop_watch_.on_ejecting(exit_kind); }));
}

void MockMachine::on_scheduler_exit(const SchedulerExit& exit) noexcept {
  static_cast<void>(guard("scheduler exit", [&] {
    ejected_because_ = exit.message;
    drop_policy();
    engine_.enforce_bandwidth(true);
    if (exit.scheduler == kDefaultScheduler) {
      default_ = {};
    } else {
      attached_ = {};
      sched_ext_.ops.clear();
      if (!default_.id.empty()) {
        static_cast<void>(switch_to(default_));
      }
    }
    SchedulerExit told = exit;
    told.at_ns -= booted_at_;
    if (told.runnable_since_ns >= 0) {
      told.runnable_since_ns -= booted_at_;
    }
    emit(EventKind::kSchedulerExit, told.kind, exit_text(told), &told);
  }));
}

} // namespace schedrig::mock
