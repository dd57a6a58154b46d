// SPDX-License-Identifier: MIT
// The tables of a scenario. Thread: the Decoder's.
#pragma once

#include <span>
#include <vector>

#include <schedrig/scenario.hpp>

#include "host/config/decoder.hpp"
#include "host/config/form.hpp"

namespace schedrig::config {

// The whole document. `to` keeps its defaults where a value is missing or wrong.
void decode_scenario(Decoder& decoder, const Node& document, Scenario& to);

// [run], [machine], [[step]], [[scheduler]], [[payload]], [[workload]], [observe], [checks],
// [report]: one file each.
void decode_run(Decoder& decoder, const FieldInfo& info, const Node& value, RunConfig& to);
void decode_machine(Decoder& decoder, const FieldInfo& info, const Node& value, MachineConfig& to);
void decode_steps(Decoder& decoder, const FieldInfo& info, const Node& value,
                  std::vector<Step>& to);
void decode_payloads(Decoder& decoder, const FieldInfo& info, const Node& value,
                     std::vector<PayloadDef>& to);
void decode_workloads(Decoder& decoder, const FieldInfo& info, const Node& value,
                      std::vector<Workload>& to);
void decode_observe(Decoder& decoder, const FieldInfo& info, const Node& value, ObserveConfig& to);
void decode_checks(Decoder& decoder, const FieldInfo& info, const Node& value, ChecksConfig& to);
void decode_report(Decoder& decoder, const FieldInfo& info, const Node& value, ReportConfig& to);

void decode_schedulers(Decoder& decoder, const FieldInfo& info, const Node& value,
                       std::vector<SchedulerConfig>& to);

// How the document and each of them may be written.
[[nodiscard]] std::span<const Form> scenario_forms();
[[nodiscard]] std::span<const Form> run_forms();
[[nodiscard]] std::span<const Form> machine_forms();
[[nodiscard]] std::span<const Form> step_forms();
[[nodiscard]] std::span<const Form> scheduler_forms();
[[nodiscard]] std::span<const Form> payload_forms();
[[nodiscard]] std::span<const Form> workload_forms();
[[nodiscard]] std::span<const Form> observe_forms();
[[nodiscard]] std::span<const Form> checks_forms();
[[nodiscard]] std::span<const Form> report_forms();

// A table that only a plugin understands, flattened: "faults[0].at" is a key.
void decode_params(Decoder& decoder, const FieldInfo& info, const Node& value, ConfigParams& to);

} // namespace schedrig::config
