// SPDX-License-Identifier: MIT
// [observe]: what is observed at intervals for the whole run.
#include <array>

#include "host/config/decode_scenario.hpp"
#include "host/config/readers.hpp"

namespace schedrig::config {
namespace {

constexpr std::array kFields = {
    integer_key<&ObserveConfig::snapshots>(
        "snapshots", "how many snapshots to take, evenly over the run's duration",
        {.minimum = 1, .maximum = 256}), // a run keeps no more: host/engine/snapshots.cpp
    duration_key<&ObserveConfig::monitor_ns>(
        "monitor", "from one look at the run queues to the next",
        {.minimum = 1'000'000, .maximum = 3'600'000'000'000}), // faster measures the rig
};
static_assert(well_formed<ObserveConfig>(kFields));

} // namespace

std::span<const Form> observe_forms() {
  return a_table<ObserveConfig, kFields>();
}

void decode_observe(Decoder& decoder, const FieldInfo&, const Node& value, ObserveConfig& to) {
  to.pos = value.pos;
  decode_table<ObserveConfig>(decoder, value, "[observe]", kFields, to);
}

} // namespace schedrig::config
