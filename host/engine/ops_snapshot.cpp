// SPDX-License-Identifier: MIT
#include "host/engine/ops_snapshot.hpp"

namespace schedrig::engine {

Result<> apply(OpContext& context, const CaptureSnapshot& op) {
  if (context.snapshots == nullptr) {
    return fail(StatusCode::kUnsupported,
                "nothing is known of the kernel that the machine runs, or its memory is not given");
  }
  return context.snapshots->take(op.name, "op", context.scope.name);
}

} // namespace schedrig::engine
