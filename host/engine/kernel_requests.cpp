// SPDX-License-Identifier: MIT
#include "host/engine/kernel_requests.hpp"

#include <utility>

#include "host/engine/kernel_access.hpp"

namespace schedrig::engine {
namespace {

template <class Read> KernelRequest read_request(const Read& op, KernelAccessMode mode) {
  return {.mode = mode,
          .access = KernelAccess::kRead,
          .tag = op.tag,
          .entries = {{.target = op.target, .value = zero_of(op.width)}}};
}

template <class Write> KernelRequest write_request(const Write& op, KernelAccessMode mode) {
  return {.mode = mode, .access = KernelAccess::kWrite, .tag = {}, .entries = op.writes};
}

} // namespace

KernelRequest request_of(const ReadKernelHot& op) {
  return read_request(op, KernelAccessMode::kHot);
}

KernelRequest request_of(const ReadKernelCold& op) {
  return read_request(op, KernelAccessMode::kCold);
}

KernelRequest request_of(const WriteKernelHot& op) {
  return write_request(op, KernelAccessMode::kHot);
}

KernelRequest request_of(const WriteKernelCold& op) {
  return write_request(op, KernelAccessMode::kCold);
}

Result<std::vector<KernelValue>> carry_out(Session& session, const KernelRequest& request) {
  MemoryFacet* memory = session.memory();
  TargetResolver* targets = session.targets();
  if (memory == nullptr || targets == nullptr) {
    return fail(StatusCode::kUnsupported,
                memory == nullptr ? "the machine does not give access to its memory"
                                  : "nothing is known of the kernel that the machine runs");
  }
  return carry_out(request, *targets, *memory);
}

Result<> find_kernel(Session& session) {
  TargetResolver* targets = session.targets();
  return targets == nullptr ? Result<>() : targets->prepare(); // without: each op says so
}

Result<> carry_out_and_record(OpContext& context, const KernelRequest& request,
                              std::uint32_t window) {
  auto values = TRY(carry_out(context.session, request));
  const std::int64_t now = context.session.now_ns();
  for (std::size_t i = 0; i < values.size(); ++i) {
    context.report.kernel_reads.push_back({.tag = request.tag,
                                           .target = to_string(request.entries[i].target),
                                           .at_ns = now,
                                           .window = window,
                                           .value = std::move(values[i])});
  }
  return {};
}

} // namespace schedrig::engine
