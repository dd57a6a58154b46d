// SPDX-License-Identifier: MIT
// For authors of simulation policies: derive from PolicyBase, override what you need in ordinary
// C++ (throwing is allowed), and export with PolicyPlugin. A whole FIFO scheduler is some 30 lines.
//
//   class Fifo final : public schedrig::PolicyBase {
//    public:
//     void on_enqueue(const schedrig::SimTask& task, std::uint64_t flags) override { ... }
//   };
//   SCHEDRIG_PLUGIN(schedrig::PluginKind::kScheduler,
//                   {..., .create = schedrig::create_plugin<schedrig::PolicyPlugin<Fifo>>, ...});
//
// Policy needs a constructor from ParamsView. What it throws ejects it, with the text. Per-task
// state: a vector or deque by SimTask::index.
#pragma once

#include <concepts>
#include <cstdint>
#include <cstring>
#include <exception>
#include <memory>
#include <string>
#include <string_view>

#include <schedrig/check_defaults.hpp>
#include <schedrig/export.hpp>
#include <schedrig/sim_policy.hpp>

namespace schedrig {

// Defaults are the kernel's behaviour for a callback that a sched_ext scheduler leaves out.
class PolicyBase : public SimPolicy {
 public:
  virtual ~PolicyBase() = default;

  // Flags and watchdog timeout; asked before on_init. What it throws refuses the attach.
  [[nodiscard]] virtual SimOps on_ops() const { return {}; }
  virtual Status on_init() { return {}; }
  virtual void on_exit(const SchedulerExit& /*info*/) {}
  virtual void on_init_task(const SimTask& /*task*/) {}
  virtual void on_enable(const SimTask& /*task*/) {}
  virtual void on_disable(const SimTask& /*task*/) {}
  virtual void on_exit_task(const SimTask& /*task*/) {}
  // Default: the previous CPU if idle, else any idle one, inserting directly as
  // scx_select_cpu_dfl does; else the previous one.
  virtual std::int32_t on_select_cpu(const SimTask& task, std::int32_t prev_cpu,
                                     std::uint64_t /*wake_flags*/) {
    std::int32_t cpu = prev_cpu;
    const bool prev_idle =
        prev_cpu >= 0 && kernel().test_and_clear_cpu_idle(static_cast<std::uint32_t>(prev_cpu));
    if (!prev_idle) {
      cpu = kernel().pick_idle_cpu(task.cpus_allowed);
    }
    if (cpu < 0) {
      return prev_cpu;
    }
    kernel().dsq_insert(task, kDsqLocal, kSliceDefaultNs, 0);
    return cpu;
  }
  virtual void on_enqueue(const SimTask& task, std::uint64_t enq_flags) {
    kernel().dsq_insert(task, kDsqGlobal, kSliceDefaultNs, enq_flags);
  }
  virtual void on_dequeue(const SimTask& /*task*/, std::uint64_t /*deq_flags*/) {}
  virtual void on_dispatch(std::int32_t /*cpu*/, const SimTask* /*prev*/) {}
  virtual void on_runnable(const SimTask& /*task*/, std::uint64_t /*enq_flags*/) {}
  virtual void on_running(const SimTask& /*task*/) {}
  virtual void on_stopping(const SimTask& /*task*/, bool /*still_runnable*/) {}
  virtual void on_quiescent(const SimTask& /*task*/, std::uint64_t /*deq_flags*/) {}
  virtual void on_tick(const SimTask& /*task*/) {}
  virtual bool on_yield(const SimTask& task) {
    kernel().set_slice(task, 0);
    return true;
  }
  virtual void on_set_weight(const SimTask& /*task*/) {}
  virtual void on_set_cpumask(const SimTask& /*task*/) {}
  virtual void on_update_idle(std::uint32_t /*cpu*/, bool /*idle*/) {}
  virtual void on_timer() {}

 protected:
  [[nodiscard]] SimKernel& kernel() const { return *kernel_; }

  // For on_init: the kernel's create_dsq, its errno as an error that names the queue.
  [[nodiscard]] Status create_dsq(std::uint64_t dsq) {
    const std::int32_t error = -kernel().create_dsq(dsq);
    if (error == 0) {
      return {};
    }
    const char* text = strerrordesc_np(error);
    const char* name = strerrorname_np(error);
    return Status::make(StatusCode::kOs,
                        "create DSQ " + std::to_string(dsq) + ": " +
                            (text == nullptr ? "unknown error" : text) + " (" +
                            (name == nullptr ? std::to_string(error) : name) + ")",
                        "each id once, and none with bit 63 set: they are built in", error);
  }

  // The first task of one of the policy's DSQs for which `fits` says yes, or null. `fits`
  // must not throw.
  template <class Fits> [[nodiscard]] const SimTask* find_queued(std::uint64_t dsq, Fits&& fits) {
    class Finder final : public SimTaskVisitor {
     public:
      explicit Finder(Fits& fits) : fits_(fits) {}
      bool on_task(const SimTask& task) noexcept override {
        found = fits_(task) ? &task : nullptr;
        return found == nullptr;
      }
      const SimTask* found = nullptr;

     private:
      Fits& fits_;
    } finder(fits);
    kernel().dsq_for_each(dsq, finder);
    return finder.found;
  }

 private:
  template <class Body> void call(std::string_view name, Body&& body) noexcept {
    const Status status = guard(name, std::forward<Body>(body));
    if (!status.ok()) {
      kernel_->error(status.message);
    }
  }

  void ops(SimOps* out) noexcept final {
    ops_status_ = guard("ops", [&] { *out = on_ops(); });
  }
  void exit(const SchedulerExit& info) noexcept final {
    static_cast<void>(guard("exit", [&] { on_exit(info); })); // it is ending already
  }
  Status init(SimKernel& kernel) noexcept final {
    kernel_ = &kernel;
    return ops_status_.ok() ? guard("init", [&] { return on_init(); }) : ops_status_;
  }
  void init_task(const SimTask& task) noexcept final {
    call("init_task", [&] { on_init_task(task); });
  }
  void enable(const SimTask& task) noexcept final {
    call("enable", [&] { on_enable(task); });
  }
  void disable(const SimTask& task) noexcept final {
    call("disable", [&] { on_disable(task); });
  }
  void exit_task(const SimTask& task) noexcept final {
    call("exit_task", [&] { on_exit_task(task); });
  }
  std::int32_t select_cpu(const SimTask& task, std::int32_t prev_cpu,
                          std::uint64_t wake_flags) noexcept final {
    std::int32_t cpu = prev_cpu;
    call("select_cpu", [&] { cpu = on_select_cpu(task, prev_cpu, wake_flags); });
    return cpu;
  }
  void enqueue(const SimTask& task, std::uint64_t enq_flags) noexcept final {
    call("enqueue", [&] { on_enqueue(task, enq_flags); });
  }
  void dequeue(const SimTask& task, std::uint64_t deq_flags) noexcept final {
    call("dequeue", [&] { on_dequeue(task, deq_flags); });
  }
  void dispatch(std::int32_t cpu, const SimTask* prev) noexcept final {
    call("dispatch", [&] { on_dispatch(cpu, prev); });
  }
  void runnable(const SimTask& task, std::uint64_t enq_flags) noexcept final {
    call("runnable", [&] { on_runnable(task, enq_flags); });
  }
  void running(const SimTask& task) noexcept final {
    call("running", [&] { on_running(task); });
  }
  void stopping(const SimTask& task, bool still_runnable) noexcept final {
    call("stopping", [&] { on_stopping(task, still_runnable); });
  }
  void quiescent(const SimTask& task, std::uint64_t deq_flags) noexcept final {
    call("quiescent", [&] { on_quiescent(task, deq_flags); });
  }
  void tick(const SimTask& task) noexcept final {
    call("tick", [&] { on_tick(task); });
  }
  bool yield(const SimTask& task) noexcept final {
    bool yielded = false;
    call("yield", [&] { yielded = on_yield(task); });
    return yielded;
  }
  void set_weight(const SimTask& task) noexcept final {
    call("set_weight", [&] { on_set_weight(task); });
  }
  void set_cpumask(const SimTask& task) noexcept final {
    call("set_cpumask", [&] { on_set_cpumask(task); });
  }
  void update_idle(std::uint32_t cpu, bool idle) noexcept final {
    call("update_idle", [&] { on_update_idle(cpu, idle); });
  }
  void timer() noexcept final {
    call("timer", [&] { on_timer(); });
  }

  SimKernel* kernel_ = nullptr;
  Status ops_status_; // ops() returns none: init() does
};

// A policy whose author says what its runs are held to: static kCheckDefaults, as in
// check_defaults.hpp.
template <class Policy>
concept HasCheckDefaults = requires {
  { Policy::kCheckDefaults } -> std::convertible_to<std::string_view>;
};

// Root object of a plugin that offers one simulation policy.
template <class Policy>
class PolicyPlugin final : public Plugin, public SimPolicyFactory, public CheckDefaults {
 public:
  explicit PolicyPlugin(HostServices& /*host*/) {}

  void* query(std::string_view interface_id) noexcept override {
    if (interface_id == SimPolicyFactory::kInterfaceId) {
      return static_cast<SimPolicyFactory*>(this);
    }
    if (HasCheckDefaults<Policy> && interface_id == CheckDefaults::kInterfaceId) {
      return static_cast<CheckDefaults*>(this);
    }
    return nullptr;
  }
  [[nodiscard]] std::string_view checks() const noexcept override {
    if constexpr (HasCheckDefaults<Policy>) {
      return Policy::kCheckDefaults;
    }
    return {};
  }
  Status create_policy(ParamsView params, SimPolicy** out) noexcept override {
    return guard("create_policy", [&] { *out = std::make_unique<Policy>(params).release(); });
  }
  void destroy_policy(SimPolicy* policy) noexcept override { delete static_cast<Policy*>(policy); }
};

} // namespace schedrig
