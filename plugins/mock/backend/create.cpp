// SPDX-License-Identifier: MIT
#include "plugins/mock/backend/create.hpp"

#include <string>
#include <utility>

namespace schedrig::mock {
namespace {

class FirstProblem final : public ParamProblemSink {
 public:
  void on_problem(std::string_view /*key*/, const Status& wrong) noexcept override {
    status = status.ok() ? wrong : status;
  }
  Status status;
};

} // namespace

Status create(const MachineSpec& spec, EventSink& events, const MachineState* origin,
              Machine** out) {
  if (Status status = validate(spec.topology); !status.ok()) {
    return status;
  }
  for (const MemoryRegion& region : spec.regions) {
    if (region.cache == MemoryCache::kNoncoherent && region.required != 0) {
      return Status::make(StatusCode::kUnsupported,
                          "memory region \"" + std::string(region.name) +
                              "\": its noncoherent cache type is required, and a simulated machine "
                              "has no caches",
                          "leave `required` out, or use another backend");
    }
  }
  FirstProblem problem;
  Programs programs;
  programs.declare(spec.params, problem);
  Faults faults;
  faults.declare(spec.params, problem);
  if (!problem.status.ok()) {
    return problem.status;
  }
  *out = std::make_unique<MockMachine>(spec, events, std::move(programs), std::move(faults), origin)
             .release();
  return {};
}

} // namespace schedrig::mock
