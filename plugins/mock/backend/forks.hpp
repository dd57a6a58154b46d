// SPDX-License-Identifier: MIT
// MockForks: the fork facet of mock. A template is a MachineState in memory: copying one takes less
// time than reading it from a file would. Thread: the host's.
#pragma once

#include <schedrig/fork.hpp>

namespace schedrig::mock {

class MockForks final : public ForkFacet {
 public:
  Status template_fields(const MachineSpec& spec, FactSink& sink) noexcept override;
  Status save(Machine& machine, std::int64_t timeout_ns, Template** out) noexcept override;
  Status store(const Template& saved, std::string_view directory) noexcept override;
  Status load(std::string_view directory, const MachineSpec& spec,
              Template** out) noexcept override;
  Status create_machine(const Template& saved, const MachineSpec& spec, EventSink& events,
                        Machine** out) noexcept override;
  Status reset(Machine& machine, std::uint64_t seed, std::int64_t timeout_ns) noexcept override;
  void destroy_template(Template* saved) noexcept override;
};

} // namespace schedrig::mock
