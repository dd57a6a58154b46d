// SPDX-License-Identifier: MIT
#include "plugins/schedulers/faulty/policy.hpp"

#include <stdexcept>

namespace schedrig::faulty {
namespace {

constexpr std::uint64_t kQueue = 0;
constexpr std::uint64_t kNeverCreated = 7;
// The kernel reports a soft lockup after 20 s.
constexpr std::int64_t kSlowNs = 25'000'000'000;

bool may_use(const SimTask& task, std::uint32_t cpu) {
  return ((task.cpus_allowed[cpu / 64] >> (cpu % 64)) & 1U) != 0;
}

std::string text_of(ParamsView params, std::string_view key) {
  const ParamValue* param = find_param(params, key);
  return param == nullptr ? std::string() : std::string(param->text);
}

} // namespace

std::optional<Fault> fault_named(std::string_view name) {
  for (std::size_t i = 0; i < kFaults.size(); ++i) {
    if (kFaults[i].name == name) {
      return static_cast<Fault>(i);
    }
  }
  return std::nullopt;
}

Faulty::Faulty(ParamsView params)
    : fault_name_(text_of(params, "fault")), fault_(fault_named(fault_name_)),
      after_ns_(param_integer(params, "after", 0)),
      watchdog_ns_(param_integer(params, "watchdog", 0)), code_(param_integer(params, "code", 0)),
      message_(text_of(params, "message")) {}

SimOps Faulty::on_ops() const {
  SimOps ops;
  ops.timeout_ns = watchdog_ns_;
  return ops;
}

Status Faulty::on_init() {
  if (!fault_) {
    std::string names;
    for (const FaultInfo& info : kFaults) {
      names += (names.empty() ? "one of: " : ", ") + std::string(info.name);
    }
    return Status::make(StatusCode::kInvalidArgument, "fault \"" + fault_name_ + "\" is unknown",
                        names);
  }
  if (*fault_ == Fault::kInit) {
    return Status::make(StatusCode::kInvalidArgument, "init fails, as fault = \"init\" says",
                        "choose another fault");
  }
  if (*fault_ == Fault::kHang || *fault_ == Fault::kPinnedLast) {
    return Status::make(StatusCode::kUnsupported,
                        "fault \"" + fault_name_ + "\" is possible on a real kernel only",
                        "use backend = \"kvm\", or another fault");
  }
  due_at_ns_ = kernel().now_ns() + after_ns_;
  kernel().print("fault " + fault_name_ + " is due at " + std::to_string(due_at_ns_ / 1'000'000) +
                 "ms");
  kernel().start_timer(after_ns_);
  return create_dsq(kQueue);
}

bool Faulty::due(Fault fault) const {
  return !committed_ && *fault_ == fault && kernel().now_ns() >= due_at_ns_;
}

std::int32_t Faulty::on_select_cpu(const SimTask& task, std::int32_t prev_cpu,
                                   std::uint64_t wake_flags) {
  // From then on everything goes through on_enqueue, where the faults are.
  return kernel().now_ns() < due_at_ns_ ? PolicyBase::on_select_cpu(task, prev_cpu, wake_flags)
                                        : prev_cpu;
}

void Faulty::on_enqueue(const SimTask& task, std::uint64_t enq_flags) {
  if (!commit_on(task, enq_flags)) {
    kernel().dsq_insert(task, kQueue, kSliceDefaultNs, enq_flags);
  }
}

bool Faulty::commit_on(const SimTask& task, std::uint64_t enq_flags) {
  if (due(Fault::kDrop)) {
    kernel().print("dropping task pid " + std::to_string(task.pid));
    committed_ = true;
    return true;
  }
  if (due(Fault::kInsertTwice)) {
    kernel().dsq_insert(task, kQueue, kSliceDefaultNs, enq_flags);
    kernel().dsq_insert(task, kDsqGlobal, kSliceDefaultNs, enq_flags);
    return true;
  }
  if (due(Fault::kBadCpu)) {
    kernel().dsq_insert(task, kDsqLocalOn | kernel().nr_cpus(), kSliceDefaultNs, enq_flags);
    return true;
  }
  if (due(Fault::kForbiddenCpu)) {
    return insert_outside_mask(task, enq_flags);
  }
  if (due(Fault::kUnknownDsq)) {
    kernel().dsq_insert(task, kNeverCreated, kSliceDefaultNs, enq_flags);
    return true;
  }
  if (due(Fault::kThrow)) {
    throw std::runtime_error(message_);
  }
  return false;
}

bool Faulty::insert_outside_mask(const SimTask& task, std::uint64_t enq_flags) {
  for (std::uint32_t cpu = 0; cpu < kernel().nr_cpus(); ++cpu) {
    if (!may_use(task, cpu)) {
      kernel().dsq_insert(task, kDsqLocalOn | cpu, kSliceDefaultNs, enq_flags);
      return true;
    }
  }
  return false; // may use every CPU: the next one
}

void Faulty::on_dispatch(std::int32_t /*cpu*/, const SimTask* /*prev*/) {
  if (due(Fault::kStall)) {
    return;
  }
  if (due(Fault::kSlow)) {
    committed_ = true;
    kernel().delay(kSlowNs);
  }
  kernel().dsq_move_to_local(kQueue);
}

// What ends the scheduler without a task's doing.
void Faulty::on_timer() {
  if (*fault_ == Fault::kError) {
    kernel().error(message_);
  } else if (*fault_ == Fault::kExit) {
    kernel().exit(code_, message_);
  } else if (*fault_ == Fault::kRestart) {
    kernel().exit(kExitCodeRestart | code_, message_);
  }
}

} // namespace schedrig::faulty
