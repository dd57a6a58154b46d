// SPDX-License-Identifier: MIT
#include "host/engine/ops_snapshot.hpp"

#include "host/engine/value_checks.hpp"

namespace schedrig::engine {

Result<> apply(OpContext& context, const CaptureSnapshot& op) {
  if (context.snapshots == nullptr) {
    return fail(StatusCode::kUnsupported,
                "nothing is known of the kernel that the machine runs, or its memory is not given");
  }
  TRY(context.snapshots->take(op.name, "op", context.scope.name));
  return expect_values(op.expect, context.report.snapshots.back().document);
}

} // namespace schedrig::engine
