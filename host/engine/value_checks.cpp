// SPDX-License-Identifier: MIT
#include "host/engine/value_checks.hpp"

#include <optional>
#include <string>
#include <string_view>

#include "host/engine/comparison.hpp"
#include "host/engine/value_path.hpp"
#include "host/text/nearest.hpp"
#include "host/text/quote.hpp"

namespace schedrig::engine {
namespace {

constexpr std::string_view kPrefix = "snapshots.";

// "snapshots.here.maps..." is a path into the document of the snapshot "here".
Result<const json::Value*> look_up(std::string_view path,
                                   const std::vector<SnapshotRecord>& snapshots) {
  const std::string_view rest = path.substr(std::min(path.size(), kPrefix.size()));
  const std::string_view name = rest.substr(0, rest.find_first_of(".["));
  std::vector<std::string_view> names;
  for (const SnapshotRecord& snapshot : snapshots) {
    if (snapshot.name == name) {
      std::string_view inner = rest.substr(name.size());
      inner.remove_prefix(inner.starts_with('.') ? 1 : 0);
      return find_value(snapshot.document, inner);
    }
    names.push_back(snapshot.name);
  }
  return fail(StatusCode::kNotFound, "no snapshot " + text::quote(name) + " was taken",
              text::suggest(name, names, "there are"));
}

Result<bool> compare(const ValueCheck& check, const json::Value& value, std::string* observed) {
  const Comparison comparison{.op = check.op, .value = check.value};
  std::optional<std::uint64_t> number = value.as_uint64();
  if (const auto truth = value.as_bool()) {
    number = *truth ? 1 : 0;
  }
  if (number) {
    *observed = std::to_string(*number);
    return holds(comparison, *number);
  }
  if (const auto negative = value.as_int64()) { // below all that it can be compared with
    *observed = std::to_string(*negative);
    return check.op == CompareOp::kLess || check.op == CompareOp::kLessEqual ||
           check.op == CompareOp::kNotEqual;
  }
  return fail(StatusCode::kInvalidArgument, "it is no number",
              value.as_object() != nullptr || value.as_array() != nullptr ? "the path leads on"
                                                                          : "");
}

} // namespace

namespace {

CheckRecord judge(const ValueCheck& check, const Result<const json::Value*>& value) {
  CheckRecord record;
  record.name = check.path;
  record.limit = to_string(Comparison{.op = check.op, .value = check.value});
  const auto good = value ? compare(check, **value, &record.observed)
                          : Result<bool>(std::unexpected(value.error()));
  if (!good) {
    record.verdict = Verdict::kInconclusive;
    record.observed =
        good.error().message + (good.error().help.empty() ? "" : " (" + good.error().help + ")");
  } else {
    record.verdict = *good ? Verdict::kPass : Verdict::kFail;
  }
  return record;
}

} // namespace

Result<> expect_values(const std::vector<ValueCheck>& checks, const json::Value& document) {
  std::string wrong;
  for (const ValueCheck& check : checks) {
    const CheckRecord record = judge(check, find_value(document, check.path));
    if (record.verdict == Verdict::kInconclusive) {
      return fail(StatusCode::kNotFound,
                  "expected " + record.name + " " + record.limit + ": " + record.observed);
    }
    if (record.verdict == Verdict::kFail) {
      wrong += (wrong.empty() ? "expected " : "; ") + record.name + " " + record.limit +
               ", it was " + record.observed;
    }
  }
  if (!wrong.empty()) {
    return fail(StatusCode::kInvalidArgument, std::move(wrong),
                "the snapshot has what was around it");
  }
  return {};
}

std::vector<CheckRecord> value_checks(const std::vector<ValueCheck>& checks,
                                      const std::vector<SnapshotRecord>& snapshots) {
  std::vector<CheckRecord> records;
  for (const ValueCheck& check : checks) {
    records.push_back(judge(check, look_up(check.path, snapshots)));
  }
  return records;
}

} // namespace schedrig::engine
