// SPDX-License-Identifier: MIT
// NoSchedulers: takes every scheduler and runs none.
#pragma once

#include <schedrig/schedulers.hpp>

namespace schedrig::engine {

class NoSchedulers final : public SchedulersFacet {
 public:
  Status can_attach(std::string_view /*id*/, Plugin& /*scheduler*/) noexcept override { return {}; }
  Status attach(std::string_view /*id*/, Plugin& /*scheduler*/, ParamsView /*params*/,
                std::int64_t /*timeout_ns*/) noexcept override {
    return {};
  }
  Status detach(std::int64_t /*timeout_ns*/) noexcept override { return {}; }
};

} // namespace schedrig::engine
