// SPDX-License-Identifier: MIT
#include "host/engine/dispatch.hpp"

#include "host/engine/cold_run.hpp"
#include "host/engine/ops_affinity.hpp"
#include "host/engine/ops_bpf_map.hpp"
#include "host/engine/ops_cgroup.hpp"
#include "host/engine/ops_cpuset.hpp"
#include "host/engine/ops_irq.hpp"
#include "host/engine/ops_kernel.hpp"
#include "host/engine/ops_move.hpp"
#include "host/engine/ops_payload.hpp"
#include "host/engine/ops_sched_command.hpp"
#include "host/engine/ops_scheduler.hpp"
#include "host/engine/ops_snapshot.hpp"
#include "host/engine/ops_watch.hpp"
#include "host/engine/ops_worker.hpp"

namespace schedrig::engine {
namespace {

template <class Body>
concept Handled = requires(OpContext& context, const Body& body) {
  { apply(context, body) } -> std::same_as<Result<>>;
};

Result<> apply_body(OpContext& context, const OpBody& body) {
  return std::visit(
      [&](const auto& op) -> Result<> {
        if constexpr (Handled<std::decay_t<decltype(op)>>) {
          return apply(context, op);
        } else {
          return fail(StatusCode::kUnsupported,
                      "op " + std::string(op_info(body).name) + " is not supported yet",
                      "`schedrig ops` lists the ops of this release");
        }
      },
      body);
}

OpRecord apply_op(OpContext& context, const Op& op, std::uint32_t index, std::uint32_t iteration) {
  OpRecord record;
  record.kind = op_info(op.body).name;
  record.index = index;
  record.iteration = iteration;
  record.pos = op.pos;
  record.start_ns = context.session.now_ns();
  auto result = apply_body(context, op.body);
  record.end_ns = context.session.now_ns();
  if (!result) {
    record.status = OpStatus::kFailed;
    record.error = std::move(result).error();
  }
  return record;
}

} // namespace

std::vector<OpRecord> apply_next(OpContext& context, std::span<const Op> ops, std::uint32_t index,
                                 std::uint32_t iteration) {
  if (const std::size_t count = cold_run(ops); count > 0) {
    return apply_cold(context, ops.first(count), index, iteration);
  }
  return {apply_op(context, ops.front(), index, iteration)};
}

} // namespace schedrig::engine
