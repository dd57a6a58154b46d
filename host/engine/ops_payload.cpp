// SPDX-License-Identifier: MIT
#include "host/engine/ops_payload.hpp"

#include <limits>

#include "host/engine/payloads.hpp"
#include "host/text/human_duration.hpp"

namespace schedrig::engine {
namespace {

// A name that nothing declares is a typo, whatever runs.
Result<PayloadHandle*> find_live(OpContext& context, const std::string& name,
                                 const std::optional<std::string>& cgroup) {
  (void)TRY(find_payload(context, name));
  return context.payloads.require(name, cgroup);
}

std::string describe(const PayloadHandle& handle) {
  return describe_payload(handle.def->name, handle.cgroup) + " (pid " + std::to_string(handle.pid) +
         ")";
}

} // namespace

Result<> apply(OpContext& context, const RunPayload& op) {
  const PayloadDef* def = TRY(find_payload(context, op.payload));
  Cgroup* cgroup = op.cgroup ? TRY(context.books.require(*op.cgroup)) : nullptr;
  return start_payload(context, *def, op.args, cgroup);
}

Result<> apply(OpContext& context, const WaitPayload& op) {
  PayloadHandle* handle = TRY(find_live(context, op.name, op.cgroup));
  const std::string who = describe(*handle);
  constexpr std::int64_t kNoLimit = std::numeric_limits<std::int64_t>::max();
  const std::int64_t limit = op.timeout_ns.value_or(kNoLimit);
  const std::int64_t until = limit == kNoLimit ? kNoLimit : context.session.now_ns() + limit;
  auto ended = context.session.wait_payload(handle->facet_payload, until);
  if (!ended) {
    return std::unexpected(std::move(ended).error().context("wait for " + who));
  }
  if (*ended) {
    return collect_payload(context, *handle);
  }
  TRY(kill_payload(context, *handle, PayloadEnd::kWaitTimeout));
  return fail(StatusCode::kTimeout,
              who + " did not end within " + text::human_duration(limit) + " and was killed",
              "raise the timeout, or give it less to do");
}

Result<> apply(OpContext& context, const KillPayload& op) {
  PayloadHandle* handle = TRY(find_live(context, op.name, op.cgroup));
  return kill_payload(context, *handle, PayloadEnd::kKillOp);
}

} // namespace schedrig::engine
