// SPDX-License-Identifier: MIT
#include "plugins/mock/backend/faults.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <map>

#include <schedrig/scheduler_exit.hpp>

#include "plugins/mock/work/list_key.hpp"

namespace schedrig::mock {
namespace {

constexpr std::int64_t kDayNs = 86'400'000'000'000;
constexpr int kLastErrno = 133; // EHWPOISON, include/uapi/asm-generic/errno.h

constexpr std::array kParams = {
    ParamSpec{.type = ParamType::kDuration,
              .key = "faults[].at",
              .default_value = "0s",
              .doc = "when, on the machine's clock; file faults: from then on",
              .minimum = 0,
              .maximum = kDayNs},
    ParamSpec{.type = ParamType::kString,
              .key = "faults[].file_write",
              .default_value = {},
              .doc = "name of a file, such as cgroup.procs: a write to it fails"},
    ParamSpec{.type = ParamType::kString,
              .key = "faults[].errno",
              .default_value = {},
              .doc = "how a write fails, such as EBUSY; EIO without it"},
    ParamSpec{.type = ParamType::kInteger,
              .key = "faults[].nth",
              .default_value = "1",
              .doc = "which write to the file fails, once",
              .minimum = 1,
              .maximum = 1'000'000'000},
    ParamSpec{.type = ParamType::kDuration,
              .key = "faults[].slow_files",
              .default_value = {},
              .doc = "how much longer each file operation takes",
              .minimum = 1,
              .maximum = kDayNs},
    ParamSpec{.type = ParamType::kInteger,
              .key = "faults[].kill_worker",
              .default_value = {},
              .doc = "which living worker is killed, by the order of pids, from 1",
              .minimum = 1,
              .maximum = 4'194'304},
    ParamSpec{.type = ParamType::kString,
              .key = "faults[].scheduler_exit",
              .default_value = {},
              .doc = "exit kind with which the attached scheduler ends, such as error_stall"},
    ParamSpec{.type = ParamType::kBool,
              .key = "faults[].machine_lost",
              .default_value = {},
              .doc = "the machine no longer answers"},
    ParamSpec{.type = ParamType::kString,
              .key = "faults[].console_line",
              .default_value = {},
              .doc = "what the console prints, such as \"WARNING: CPU: 0 PID: 1 at ...\""},
    ParamSpec{.type = ParamType::kInteger,
              .key = "faults[].late_vcpu",
              .default_value = {},
              .doc = "a CPU that comes late to freeze windows",
              .minimum = 0,
              .maximum = 511},
    ParamSpec{.type = ParamType::kDuration,
              .key = "faults[].by",
              .default_value = "5s", // longer than any window waits
              .doc = "how late late_vcpu is",
              .minimum = 1,
              .maximum = kDayNs},
};

// An entry as it is given: which faults it names, one of which must be.
struct Given {
  Fault fault;
  std::vector<std::string_view> names;
  Nanos late_by = 0;  // of late_vcpu
  bool wrong = false; // and said to be
};

int errno_of(std::string_view name) {
  for (int number = 1; number <= kLastErrno; ++number) {
    const char* known = strerrorname_np(number);
    if (known != nullptr && name == known) {
      return number;
    }
  }
  return 0;
}

Status invalid(std::uint32_t index, const std::string& what, std::string_view help) {
  return Status::make(StatusCode::kInvalidArgument,
                      "[backend.mock] faults[" + std::to_string(index) + "]: " + what, help);
}

Status take(std::uint32_t index, std::string_view member, const ParamValue& value, Given& to) {
  Fault& fault = to.fault;
  const auto names = [&](FaultKind kind) {
    to.names.push_back(member);
    fault.kind = kind;
  };
  if (member == "at") {
    fault.at = value.integer;
  } else if (member == "nth") {
    fault.nth = fault.kind == FaultKind::kKillWorker ? fault.nth
                                                     : static_cast<std::uint32_t>(value.integer);
  } else if (member == "errno") {
    fault.os_errno = errno_of(value.text);
    if (fault.os_errno == 0) {
      return invalid(index, "\"" + std::string(value.text) + "\" is no errno",
                     "write its name, such as EBUSY");
    }
  } else if (member == "file_write") {
    names(FaultKind::kFileWrite);
    fault.file = value.text;
  } else if (member == "slow_files") {
    names(FaultKind::kSlowFiles);
    fault.longer = value.integer;
  } else if (member == "kill_worker") {
    names(FaultKind::kKillWorker);
    fault.nth = static_cast<std::uint32_t>(value.integer);
  } else if (member == "console_line") {
    names(FaultKind::kConsoleLine);
    fault.text = value.text;
  } else if (member == "machine_lost" && value.integer != 0) {
    names(FaultKind::kMachineLost);
  } else if (member == "scheduler_exit") {
    names(FaultKind::kSchedulerExit);
    const auto* const kind = std::ranges::find(kExitKinds, value.text, &ExitKindInfo::word);
    if (kind == kExitKinds.end()) {
      return invalid(index, "\"" + std::string(value.text) + "\" is no exit kind",
                     "such as error, error_bpf or error_stall");
    }
    fault.exit_kind = kind->kind;
  } else if (member == "late_vcpu") {
    names(FaultKind::kLateVcpu);
    fault.cpu = static_cast<std::uint32_t>(value.integer);
  } else if (member == "by") {
    to.late_by = value.integer;
  }
  return {};
}

Status wrong_number(std::uint32_t index, const Given& given) {
  return invalid(
      index,
      given.names.empty()
          ? "it names no fault"
          : "it names " + std::string(given.names[0]) + " and " + std::string(given.names[1]),
      "one of file_write, slow_files, kill_worker, scheduler_exit, machine_lost, console_line, "
      "late_vcpu in each");
}

} // namespace

std::span<const ParamSpec> fault_params() noexcept {
  return kParams;
}

void Faults::declare(ParamsView params, ParamProblemSink& problems) {
  std::map<std::uint32_t, Given> entries; // by position
  for (const ParamValue& param : params) {
    if (const auto key = list_key(param.key, "faults")) {
      Given& entry = entries[key->index];
      if (const Status status = take(key->index, key->member, param, entry); !status.ok()) {
        entry.wrong = true;
        problems.on_problem(param.key, status);
      }
    }
  }
  for (auto& [index, given] : entries) {
    if (given.wrong) {
      continue;
    }
    if (given.names.size() != 1) {
      problems.on_problem("faults[" + std::to_string(index) + "]", wrong_number(index, given));
      continue;
    }
    Fault& fault = given.fault;
    fault.os_errno = fault.os_errno == 0 ? EIO : fault.os_errno;
    fault.longer = fault.kind == FaultKind::kLateVcpu ? given.late_by : fault.longer;
    const bool lasts = fault.kind == FaultKind::kFileWrite || fault.kind == FaultKind::kSlowFiles ||
                       fault.kind == FaultKind::kLateVcpu;
    (lasts ? lasting_ : timed_).push_back(std::move(fault));
  }
  std::ranges::stable_sort(timed_, std::greater<>(), &Fault::at);
}

const Fault* Faults::due(Nanos until) const {
  return timed_.empty() || timed_.back().at > until ? nullptr : &timed_.back();
}

void Faults::done() {
  timed_.pop_back();
}

int Faults::fail_write(std::string_view path, Nanos now) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  int error = 0;
  for (Fault& fault : lasting_) {
    if (fault.kind != FaultKind::kFileWrite || fault.file != name || now < fault.at ||
        fault.nth == 0) {
      continue;
    }
    if (--fault.nth == 0) {
      error = fault.os_errno;
    }
  }
  return error;
}

LateCpu Faults::late_cpu(Nanos now, std::uint32_t cpus) const {
  LateCpu latest;
  for (const Fault& fault : lasting_) {
    const bool holds = fault.kind == FaultKind::kLateVcpu && now >= fault.at && fault.cpu < cpus;
    if (holds && fault.longer > latest.by) {
      latest = {.cpu = fault.cpu, .by = fault.longer};
    }
  }
  return latest;
}

Nanos Faults::file_delay(Nanos now) const {
  Nanos longer = 0;
  for (const Fault& fault : lasting_) {
    longer += fault.kind == FaultKind::kSlowFiles && now >= fault.at ? fault.longer : 0;
  }
  return longer;
}

} // namespace schedrig::mock
