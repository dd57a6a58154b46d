// SPDX-License-Identifier: MIT
#include "host/engine/run_schedulers.hpp"

#include <algorithm>
#include <utility>

namespace schedrig::engine {
namespace {

// Attaching verifies a BPF program on a real kernel; ops.hpp gives the same for attach_scheduler.
constexpr std::int64_t kAttachNs = 30'000'000'000;

} // namespace

std::string scheduler_label(const RunRequest& request) {
  const auto found =
      std::ranges::find(request.schedulers, request.scenario.run.scheduler, &SchedulerChoice::name);
  return found == request.schedulers.end() ? request.kernels_own.label : found->label;
}

Result<> check_schedulers(const RunRequest& request, SchedulersFacet& facet) {
  const auto check = [&](const SchedulerChoice& choice) -> Result<> {
    auto can = from_status(facet.can_attach(choice.label, *choice.plugin));
    if (!can) {
      return std::unexpected(
          std::move(can).error().context("scheduler \"" + choice.label + "\" on backend \"" +
                                         std::string(request.backend_id) + "\""));
    }
    return {};
  };
  TRY(check(request.kernels_own));
  for (const SchedulerChoice& choice : request.schedulers) {
    TRY(check(choice));
  }
  return {};
}

Result<> attach_first(const RunRequest& request, SchedulersFacet& facet,
                      SchedulerControl& control) {
  const SchedulerChoice& own = request.kernels_own;
  auto done = from_status(facet.attach(own.label, *own.plugin, own.params, kAttachNs));
  if (!done) {
    return std::unexpected(
        std::move(done).error().context("attach scheduler \"" + own.label + "\""));
  }
  const std::string& first = request.scenario.run.scheduler;
  return first == kKernelsOwn ? Result<>() : control.attach(first, kAttachNs);
}

std::optional<Error> missing_exit(const RunConfig& run, const SchedulerControl& control) {
  if (run.expect != Expectation::kSchedulerExit || control.saw_expected_exit()) {
    return std::nullopt;
  }
  const auto kind = run.expect_exit.kind;
  return Error{StatusCode::kSchedulerExit,
               "the scenario expects the scheduler to exit" +
                   (kind ? " with " + std::string(exit_kind_info(*kind).name) : std::string()) +
                   ", but it did not",
               control.attached().empty()
                   ? "no scheduler was attached at the end: attach one"
                   : "\"" + std::string(control.attached()) +
                         "\" was attached to the end; hold longer, or remove expect",
               0};
}

} // namespace schedrig::engine
