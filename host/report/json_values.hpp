// SPDX-License-Identifier: MIT
// Parts of a report as JSON values, the same in the document and in event lines
// (docs/reference/report.md). Pure; thread: any.
#pragma once

#include <optional>

#include "host/engine/run_report.hpp"
#include "host/json/value.hpp"

namespace schedrig::report {

[[nodiscard]] json::Value error_value(const std::optional<Error>& error); // null for none
[[nodiscard]] json::Value op_value(const engine::OpRecord& op);
[[nodiscard]] json::Value freeze_window_value(const engine::FreezeWindowRecord& window);
[[nodiscard]] json::Value watch_value(const engine::WatchRecord& watch);
[[nodiscard]] json::Value kernel_read_value(const engine::KernelReadRecord& read);
// Null: nothing to explain.
[[nodiscard]] json::Value failure_value(const std::optional<triage::Diagnosis>& failure);
[[nodiscard]] json::Value check_value(const engine::CheckRecord& check);
[[nodiscard]] json::Value scheduler_event_value(const engine::SchedulerEvent& event);
[[nodiscard]] json::Value kernel_complaint_value(const engine::KernelComplaint& complaint);

} // namespace schedrig::report
