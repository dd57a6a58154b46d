// SPDX-License-Identifier: MIT
#include "host/engine/kernel_requests.hpp"
#include "host/engine/ops_kernel.hpp"

namespace schedrig::engine {

Result<> apply(OpContext& context, const ReadKernelHot& op) {
  return carry_out_and_record(context, request_of(op), kNoWindow);
}

Result<> apply(OpContext& context, const WriteKernelHot& op) {
  return carry_out_and_record(context, request_of(op), kNoWindow);
}

} // namespace schedrig::engine
