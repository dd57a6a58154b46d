// SPDX-License-Identifier: MIT
#include "host/engine/ops_scheduler.hpp"

#include "host/engine/scheduler_control.hpp"

namespace schedrig::engine {

Result<> apply(OpContext& context, const AttachScheduler& op) {
  return context.session.schedulers().attach(op.scheduler, op.timeout_ns);
}

Result<> apply(OpContext& context, const DetachScheduler& /*op*/) {
  return context.session.schedulers().detach();
}

Result<> apply(OpContext& context, const RestartScheduler& /*op*/) {
  return context.session.schedulers().restart();
}

Result<> apply(OpContext& context, const ReplaceScheduler& op) {
  return context.session.schedulers().replace(op.scheduler, op.timeout_ns);
}

} // namespace schedrig::engine
