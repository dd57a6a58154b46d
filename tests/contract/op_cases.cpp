// SPDX-License-Identifier: MIT
#include "tests/contract/op_cases.hpp"

#include "host/report/names.hpp"
#include "tests/contract/op_case_parts.hpp"
#include "tests/contract/op_cases_payload.hpp"

namespace schedrig::contract {
namespace {

std::string cell(const OpCase& one) {
  const std::string text = "`" + std::string(report::to_string(one.status)) + "`";
  return text + (one.os_errno == 0 ? "" : std::string(" `") + strerrorname_np(one.os_errno) + "`");
}

} // namespace

const std::vector<OpCase>& op_cases() {
  static const std::vector<OpCase> kCases = [] {
    std::vector<OpCase> cases;
    add_cgroup_cases(cases);
    add_cgroup_def_cases(cases);
    remove_cgroup_cases(cases);
    cpuset_cases(cases);
    stop_cgroup_cases(cases);
    move_cases(cases);
    freeze_cases(cases);
    capture_cases(cases);
    spawn_cases(cases);
    affinity_cases(cases);
    irq_cases(cases);
    command_cases(cases);
    payload_cases(cases);
    return cases;
  }();
  return kCases;
}

std::string op_errors_table() {
  std::string text =
      "# Errors of the operations\n"
      "\n"
      "Made from the tables in tests/contract/op_cases_*.cpp, which are checked on every "
      "backend:\n"
      "`contract_test --backend=mock`, and `--backend=kvm` in the lab. To renew this "
      "file:\n"
      "`SCHEDRIG_UPDATE_GOLDEN=1 build/bin/contract_table_test`.\n"
      "\n"
      "| op | case | on mock | on kvm |\n"
      "| --- | --- | --- | --- |\n";
  for (const OpCase& one : op_cases()) {
    if (one.status != StatusCode::kOk) {
      text += "| `" + one.op + "` | " + one.name + " | " + cell(one) + " | " + cell(one) + " |\n";
    }
  }
  return text;
}

} // namespace schedrig::contract
