// SPDX-License-Identifier: MIT
#include "host/engine/run_report.hpp"

namespace schedrig::engine {

std::string_view to_string(Verdict verdict) noexcept {
  switch (verdict) {
  case Verdict::kSkip:
    return "skip";
  case Verdict::kPass:
    return "pass";
  case Verdict::kInconclusive:
    return "inconclusive";
  case Verdict::kFail:
    return "fail";
  case Verdict::kError:
    break;
  }
  return "error";
}

std::string_view to_string(MachineStart start) noexcept {
  switch (start) {
  case MachineStart::kCold:
    break;
  case MachineStart::kFork:
    return "fork";
  case MachineStart::kReset:
    return "reset";
  }
  return "cold";
}

int exit_code(const RunReport& report) noexcept {
  switch (report.end) {
  case RunEnd::kRefused:
    return 2;
  case RunEnd::kInfrastructure:
    return 5;
  case RunEnd::kDeadline:
    return 124;
  case RunEnd::kInterrupted:
    return 130;
  case RunEnd::kComplete:
    break;
  }
  switch (report.verdict) {
  case Verdict::kPass:
    return 0;
  case Verdict::kInconclusive:
    return 3;
  case Verdict::kSkip:
    return 4;
  case Verdict::kFail:
  case Verdict::kError:
    break;
  }
  return 1;
}

} // namespace schedrig::engine
