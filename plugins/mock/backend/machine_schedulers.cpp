// SPDX-License-Identifier: MIT
// The schedulers facet of the mock machine. `eevdf` is the kernel's own scheduler: attaching it
// makes it the machine's default, to which a detach and an ejection lead back. Until then, and
// when the default itself is ejected, the built-in fallback runs.
#include <string>

#include <schedrig/export.hpp>

#include "plugins/mock/backend/machine.hpp"

namespace schedrig::mock {
namespace {

constexpr std::string_view kDefaultScheduler = "eevdf";

// scx_exit_reason() and the names of enum scx_exit_kind.
std::string exit_text(std::int64_t kind) {
  switch (kind) {
  case kExitErrorBpf:
    return "SCX_EXIT_ERROR_BPF (1025): scx_bpf_error";
  case kExitErrorStall:
    return "SCX_EXIT_ERROR_STALL (1026): runnable task stall";
  default:
    return "SCX_EXIT_ERROR (1024): runtime error";
  }
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
                           std::int64_t /*timeout_ns*/) noexcept {
  return guard("attach", [&]() -> Status {
    if (Status status = check_up("attach"); !status.ok()) {
      return status;
    }
    auto* const factory = schedrig::query<SimPolicyFactory>(scheduler);
    if (factory == nullptr) {
      return no_policy(id);
    }
    const bool is_default = id == kDefaultScheduler;
    if (!attached_.id.empty() || (is_default && !default_.id.empty())) {
      const std::string& name = attached_.id.empty() ? default_.id : attached_.id;
      return Status::make(StatusCode::kAlreadyExists,
                          "attach '" + std::string(id) + "': scheduler '" + name + "' is attached",
                          "detach it first, or use replace_scheduler");
    }
    Scheduler wanted = remember(id, *factory, params);
    if (Status status = switch_to(wanted); !status.ok()) {
      return status;
    }
    (is_default ? default_ : attached_) = std::move(wanted);
    return {};
  });
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
    attached_ = {};
    return switch_to_default();
  });
}

Status MockMachine::switch_to(const Scheduler& scheduler) {
  SimPolicy* made = nullptr;
  if (Status status = scheduler.factory->create_policy(scheduler.params, &made); !status.ok()) {
    return status;
  }
  SimPolicy* const old = std::exchange(policy_, made);
  SimPolicyFactory* const old_factory = std::exchange(policy_factory_, scheduler.factory);
  Status status = engine_.attach(*made, scheduler.id);
  if (status.ok()) {
    engine_.enforce_bandwidth(policy_ != made || scheduler.id == kDefaultScheduler);
    if (old != nullptr) {
      old_factory->destroy_policy(old);
    }
    // What breaks a rule while tasks are handed over is gone by now, with an event.
    return policy_ == made ? status
                           : Status::make(StatusCode::kInvalidArgument,
                                          "attach '" + scheduler.id +
                                              "': ejected while it took over the tasks");
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

// The engine runs the fallback now; the machine's default, if another one failed, follows.
void MockMachine::on_scheduler_exit(std::int64_t kind, std::string_view name,
                                    std::string_view message) noexcept {
  static_cast<void>(guard("scheduler exit", [&] {
    const std::string text =
        std::string(name) + ": " + exit_text(kind) + ": " + std::string(message);
    drop_policy();
    engine_.enforce_bandwidth(true);
    if (attached_.id.empty()) {
      default_ = {};
    } else {
      attached_ = {};
      if (!default_.id.empty()) {
        static_cast<void>(switch_to(default_));
      }
    }
    emit(EventKind::kSchedulerExit, kind, text);
  }));
}

} // namespace schedrig::mock
