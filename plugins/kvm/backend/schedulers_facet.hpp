// SPDX-License-Identifier: MIT
// The schedulers facet of a real kernel: `eevdf` is the kernel's own scheduler, which runs as long
// as nothing is attached. No other realisation exists for a real kernel in this release.
// Thread: host thread.
#pragma once

#include <schedrig/schedulers.hpp>

namespace schedrig::kvm {

class KernelSchedulers final : public SchedulersFacet {
 public:
  Status can_attach(std::string_view id, Plugin& scheduler) noexcept override;
  Status attach(std::string_view id, Plugin& scheduler, ParamsView params,
                std::int64_t timeout_ns) noexcept override;
  Status detach(std::int64_t timeout_ns) noexcept override;
};

} // namespace schedrig::kvm
