// SPDX-License-Identifier: MIT
// The plugin `planted`: small policies, each with a bug that schedulers have really had, or without
// it. What the corpus of failures (configs/corpus) is made of.
#include <array>
#include <memory>
#include <string>

#include "plugins/schedulers/planted/queue_bugs.hpp"
#include "plugins/schedulers/planted/task_bugs.hpp"

namespace {

using namespace schedrig::planted;
using schedrig::ParamSpec;
using schedrig::ParamType;
using schedrig::Status;

constexpr std::array kParams = {
    ParamSpec{.type = ParamType::kString,
              .key = "bug",
              .default_value = "missed_kick",
              .doc =
                  "missed_kick, pinned_last, empty_cell, stale_mask, lost_on_change, "
                  "vtime_underflow, keeps_running or unrefilled_quota; the first as good as any"},
    ParamSpec{.type = ParamType::kBool,
              .key = "fixed",
              .default_value = "false",
              .doc = "true: the same policy without the bug"},
    ParamSpec{.type = ParamType::kDuration,
              .key = "watchdog",
              .default_value = "30s",
              .doc = "the watchdog's timeout; 30s is the kernel's default and the most it allows",
              .minimum = 1'000'000,
              .maximum = 30'000'000'000},
};

template <class Policy> std::unique_ptr<PlantedPolicy> make(const Options& options) {
  return std::make_unique<Policy>(options);
}

struct Bug {
  std::string_view name;
  std::unique_ptr<PlantedPolicy> (*make)(const Options& options);
};
constexpr std::array kBugs = {
    Bug{"missed_kick", make<MissedKick>},      Bug{"pinned_last", make<PinnedLast>},
    Bug{"empty_cell", make<EmptyCell>},        Bug{"stale_mask", make<StaleMask>},
    Bug{"lost_on_change", make<LostOnChange>}, Bug{"vtime_underflow", make<VtimeUnderflow>},
    Bug{"keeps_running", make<KeepsRunning>},  Bug{"unrefilled_quota", make<UnrefilledQuota>},
};

class Root final : public schedrig::Plugin, public schedrig::SimPolicyFactory {
 public:
  explicit Root(schedrig::HostServices& /*host*/) {}

  void* query(std::string_view interface_id) noexcept override {
    return interface_id == schedrig::SimPolicyFactory::kInterfaceId
               ? static_cast<schedrig::SimPolicyFactory*>(this)
               : nullptr;
  }
  Status create_policy(schedrig::ParamsView params, schedrig::SimPolicy** out) noexcept override {
    return schedrig::guard("create_policy", [&]() -> Status {
      const auto* const named = schedrig::find_param(params, "bug");
      const Options options = {.buggy = schedrig::param_integer(params, "fixed", 0) == 0,
                               .watchdog_ns = schedrig::param_integer(params, "watchdog", 0)};
      std::string known;
      for (const Bug& bug : kBugs) {
        if (named != nullptr && named->text == bug.name) {
          *out = bug.make(options).release();
          return {};
        }
        known += (known.empty() ? "" : ", ") + std::string(bug.name);
      }
      return Status::make(schedrig::StatusCode::kInvalidArgument,
                          "bug \"" + std::string(named == nullptr ? "" : named->text) +
                              "\" is unknown",
                          "one of: " + known);
    });
  }
  void destroy_policy(schedrig::SimPolicy* policy) noexcept override {
    delete static_cast<PlantedPolicy*>(policy);
  }
};

} // namespace

SCHEDRIG_PLUGIN(schedrig::PluginKind::kScheduler,
                {.kind = schedrig::PluginKind::kScheduler,
                 .id = "planted",
                 .name = "Planted",
                 .version = SCHEDRIG_VERSION,
                 .licence = "MIT",
                 .description = "small schedulers, each with a bug of real ones or without it",
                 .params = kParams,
                 .create = schedrig::create_plugin<Root>,
                 .destroy = schedrig::destroy_plugin<Root>});
