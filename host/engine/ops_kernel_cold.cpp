// SPDX-License-Identifier: MIT
#include <optional>
#include <utility>

#include "host/engine/freeze_session.hpp"
#include "host/engine/kernel_requests.hpp"
#include "host/engine/ops_kernel.hpp"
#include "host/engine/worker_targets.hpp"

namespace schedrig::engine {
namespace {

Result<> carry_out_cold(OpContext& context, const Op& op, std::uint32_t window) {
  const auto* read = std::get_if<ReadKernelCold>(&op.body);
  return carry_out_and_record(
      context, read != nullptr ? request_of(*read) : request_of(std::get<WriteKernelCold>(op.body)),
      window);
}

class ColdRun {
 public:
  ColdRun(OpContext& context, std::uint32_t index, std::uint32_t iteration)
      : context_(context), index_(index), iteration_(iteration) {}

  std::vector<OpRecord> apply(std::span<const Op> ops) {
    if (auto found = find_kernel(context_.session); !found) {
      record(ops.front()).error = std::move(found).error();
      finish();
      return std::move(records_);
    }
    freeze_.id = static_cast<std::uint32_t>(context_.report.freeze_windows.size() + 1);
    freeze_.step = context_.scope.name;
    freeze_.at_ns = context_.session.now_ns();
    std::vector<Result<Op>> found;
    for (const Op& op : ops) {
      found.push_back(with_workers_as_tasks(context_, op));
    }
    auto window = freeze(context_.session);
    if (!window) {
      OpRecord& first = record(ops.front());
      // One CPU that comes late is the host's doing; nothing has been read or written.
      first.inconclusive = window.error().code == StatusCode::kTimeout;
      first.error = std::move(window).error();
    } else {
      carry_out_all(ops, found);
      close(*window);
    }
    finish();
    return std::move(records_);
  }

 private:
  OpRecord& record(const Op& op) {
    OpRecord& record = records_.emplace_back();
    record.kind = op_info(op.body).name;
    record.index = index_++;
    record.iteration = iteration_;
    record.pos = op.pos;
    record.start_ns = context_.session.now_ns();
    return record;
  }

  // `found`: the ops, with the tasks that they are about.
  void carry_out_all(std::span<const Op> ops, const std::vector<Result<Op>>& found) {
    for (std::size_t i = 0; i < ops.size(); ++i) {
      OpRecord& now = record(ops[i]);
      now.window = freeze_.id;
      if (!found[i]) {
        now.error = found[i].error();
        return;
      }
      if (auto done = carry_out_cold(context_, *found[i], freeze_.id); !done) {
        now.error = std::move(done).error();
        return;
      }
    }
  }

  void close(FreezeWindow& window) {
    freeze_.ops = static_cast<std::uint32_t>(records_.size());
    auto frozen_ns = window.close();
    if (!frozen_ns) {
      context_.session.note_failure(frozen_ns.error());
      if (OpRecord& last = records_.back(); !last.error) {
        last.error = std::move(frozen_ns).error().context("let the machine go on");
      }
      return;
    }
    freeze_.frozen_ns = *frozen_ns;
    context_.report.freeze_windows.push_back(freeze_);
    context_.observer.on_freeze_window(freeze_);
  }

  void finish() {
    for (OpRecord& record : records_) {
      record.status = record.error ? OpStatus::kFailed : OpStatus::kOk;
      record.end_ns = context_.session.now_ns();
    }
  }

  OpContext& context_;
  std::uint32_t index_;
  std::uint32_t iteration_;
  FreezeWindowRecord freeze_;
  std::vector<OpRecord> records_;
};

} // namespace

std::vector<OpRecord> apply_cold(OpContext& context, std::span<const Op> ops, std::uint32_t index,
                                 std::uint32_t iteration) {
  return ColdRun(context, index, iteration).apply(ops);
}

} // namespace schedrig::engine
