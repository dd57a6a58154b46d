// SPDX-License-Identifier: MIT
#include "backend/schedulers_facet.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include <sys/wait.h>

#include <schedrig/export.hpp>
#include <schedrig/result.hpp>

#include "backend/process_state.hpp"
#include "backend/scheduler_exit_text.hpp"

namespace schedrig::kvm {
namespace {

constexpr std::string_view kKernelsOwn = "eevdf";
// How soon an attach is seen: short beside the seconds that a verifier takes, long beside a round
// trip to the agent.
constexpr std::int64_t kLookNs = 20'000'000;
// The kernel's own way back after a loader was killed: it walks all tasks. As for a service.
constexpr std::int64_t kLastGraceNs = 10'000'000'000;
// The end of what a loader printed; the verifier's complaint is there.
constexpr std::size_t kLogBytes = 4096;

std::string in_quotes(std::string_view name) {
  return "'" + std::string(name) + "'";
}

class OneReply final : public FileReplySink {
 public:
  void on_reply(std::uint32_t /*index*/, const FileReply& reply) noexcept override {
    os_errno = reply.os_errno;
    data = reply.data;
  }
  std::int32_t os_errno = 0;
  std::string data;
};

class ReportCopy final : public PayloadReportSink {
 public:
  void on_report(const PayloadReport& report) noexcept override {
    wait_status = report.wait_status;
    ended_ns = report.ended_ns;
    out = report.stdout_text;
    err = report.stderr_text;
  }
  std::int32_t wait_status = 0;
  std::int64_t ended_ns = 0;
  std::string out;
  std::string err;
};

std::string how_it_ended(std::int32_t wait_status) {
  return WIFSIGNALED(wait_status)
             ? "its loader was killed by signal " + std::to_string(WTERMSIG(wait_status))
             : "its loader ended with exit status " + std::to_string(WEXITSTATUS(wait_status));
}

std::string exit_text(const LoaderReport& report) {
  const ExitKindInfo info = exit_kind_info(*report.kind);
  return std::string(info.name) + " (" + std::to_string(*report.kind) + "), " + report.reason +
         (report.message.empty() ? "" : ": " + report.message);
}

Result<> no_program(std::string_view id) {
  return fail(StatusCode::kUnsupported,
              "no realisation for a real kernel in plugin " + in_quotes(id),
              "use scheduler = \"eevdf\" (the kernel's own) on this backend, or backend = "
              "\"mock\"");
}

} // namespace

KernelSchedulers::KernelSchedulers(FilesFacet& files, OwnPayloads& payloads,
                                   const MachineClock& clock, std::string loader, ExitSink on_exit)
    : files_(files), payloads_(payloads), clock_(clock), loader_(std::move(loader)),
      on_exit_(std::move(on_exit)) {}

Status KernelSchedulers::can_attach(std::string_view id, Plugin& scheduler) noexcept {
  return guard("can_attach", [&] {
    return id == kKernelsOwn || query<SchedExtProgram>(scheduler) != nullptr ? Result<>()
                                                                             : no_program(id);
  });
}

Status KernelSchedulers::attach(std::string_view id, Plugin& scheduler, ParamsView params,
                                std::int64_t timeout_ns) noexcept {
  return guard("attach", [&]() -> Result<> {
    if (id == kKernelsOwn) {
      return {};
    }
    auto* const program = query<SchedExtProgram>(scheduler);
    return program == nullptr ? no_program(id) : attach_program(id, *program, params, timeout_ns);
  });
}

Status KernelSchedulers::detach(std::int64_t timeout_ns) noexcept {
  return guard("detach", [&] { return detach_program(timeout_ns); });
}

void KernelSchedulers::look() noexcept {
  if (!attached_ || !payloads_.has_ended(attached_->payload)) {
    return;
  }
  (void)guard("scheduler exit", [&]() -> Result<> {
    const Attached gone = *std::exchange(attached_, std::nullopt);
    tell(gone, TRY(collect(gone)));
    return {};
  });
}

Result<std::string> KernelSchedulers::sched_ext(std::string_view file) {
  return first_line("/sys/kernel/sched_ext/" + std::string(file));
}

Result<std::string> KernelSchedulers::first_line(const std::string& path) {
  OneReply reply;
  const FileOp read{.kind = FileOpKind::kRead, .path = path, .data = {}};
  TRY(from_status(files_.run({&read, 1}, FileBatchMode::kAll, reply)));
  return reply.os_errno == 0 ? reply.data.substr(0, reply.data.find('\n')) : std::string();
}

Result<> KernelSchedulers::attach_program(std::string_view id, SchedExtProgram& program,
                                          ParamsView params, std::int64_t timeout_ns) {
  const std::string state = TRY(sched_ext("state"));
  if (state.empty()) {
    return fail(StatusCode::kUnsupported, "the guest's kernel has no sched_ext",
                "`schedrig kernel list` says which kernels have it");
  }
  if (attached_ || state != "disabled") {
    const std::string other = attached_ ? attached_->id : TRY(sched_ext("root/ops"));
    return fail(StatusCode::kAlreadyExists,
                "attach " + in_quotes(id) + ": scheduler " + in_quotes(other) + " is attached",
                "detach it first, or use replace_scheduler");
  }
  const SchedulerLaunch launch = TRY(scheduler_launch(program, params, loader_, watchdog_ns_));
  const Attached starting = TRY(start(id, launch));
  if (TRY(wait_attached(starting, clock_.now_ns() + timeout_ns))) {
    attached_ = starting;
  }
  return {};
}

Result<KernelSchedulers::Attached> KernelSchedulers::start(std::string_view id,
                                                           const SchedulerLaunch& launch) {
  const std::vector<std::string_view> args(launch.args.begin(), launch.args.end());
  const std::vector<std::string_view> files(launch.files.begin(), launch.files.end());
  Attached starting;
  starting.id = id;
  starting.program = launch.binary;
  starting.own_loader = launch.own_loader;
  TRY(from_status(
      payloads_.spawn({.name = id, .binary = launch.binary, .args = args, .files = files},
                      &starting.payload, &starting.pid)));
  TRY(from_status(payloads_.start(starting.payload)));
  return starting;
}

std::string KernelSchedulers::state_of_loader(const Attached& of) {
  const auto stat = first_line("/proc/" + std::to_string(of.pid) + "/stat");
  return "its loader " + of.program + ", pid " + std::to_string(of.pid) + ", " +
         std::string(process_state(stat ? *stat : std::string("?")));
}

Result<bool> KernelSchedulers::wait_attached(const Attached& starting, std::int64_t deadline_ns) {
  while (true) {
    if (payloads_.has_ended(starting.payload)) {
      const Ended ended = TRY(collect(starting));
      if (ended.report.attached) { // and has exited by now
        tell(starting, ended);
        return false;
      }
      std::string why =
          ended.report.failed.empty() ? how_it_ended(ended.wait_status) : ended.report.failed;
      if (ended.report.kind) {
        why += ": " + exit_text(ended.report);
      }
      return fail(StatusCode::kInvalidArgument, std::move(why),
                  std::string(last_whole_lines(ended.report.log, Status::kHelpBytes - 1)));
    }
    auto state = sched_ext("state");
    if (!state) {
      return give_up(starting, std::move(state).error());
    }
    if (*state == "enabled") {
      return true;
    }
    if (clock_.now_ns() >= deadline_ns) {
      return give_up(starting, {StatusCode::kTimeout,
                                "not attached in time: sched_ext is " + *state + "; " +
                                    state_of_loader(starting),
                                "a large scheduler takes the verifier seconds: raise timeout", 0});
    }
    if (auto paused = pause(starting.payload, deadline_ns); !paused) {
      return give_up(starting, std::move(paused).error());
    }
  }
}

Result<> KernelSchedulers::pause(std::uint32_t payload, std::int64_t deadline_ns) {
  PayloadWake why = PayloadWake::kDeadline;
  const std::int64_t until = std::min(deadline_ns, clock_.now_ns() + kLookNs);
  TRY(from_status(payloads_.wait(payload, until, &why)));
  return why == PayloadWake::kInterrupted ? fail(StatusCode::kInterrupted, "interrupted")
                                          : Result<>();
}

std::unexpected<Error> KernelSchedulers::give_up(const Attached& starting, Error error) {
  // With the loader its link goes, and with that the scheduler; the error is the one to tell.
  [[maybe_unused]] const auto ended = collect(starting);
  [[maybe_unused]] const auto state = state_after_grace();
  return std::unexpected(std::move(error));
}

Result<std::string> KernelSchedulers::state_after_grace() {
  const std::int64_t until = clock_.now_ns() + kLastGraceNs;
  std::string state = TRY(sched_ext("state"));
  while (state != "disabled" && clock_.now_ns() < until) { // a look takes a round trip
    state = TRY(sched_ext("state"));
  }
  return state;
}

Result<> KernelSchedulers::detach_program(std::int64_t timeout_ns) {
  look();
  if (!attached_) {
    return fail(StatusCode::kNotFound,
                "detach: nothing is attached, the kernel's own scheduler runs");
  }
  const Attached leaving = *std::exchange(attached_, std::nullopt);
  const std::int64_t deadline_ns = clock_.now_ns() + timeout_ns;
  const FileOp ask{.kind = FileOpKind::kWrite, .path = "/proc/sysrq-trigger", .data = "S"};
  OneReply reply; // a kernel without sysrq goes by the signal alone
  TRY(from_status(files_.run({&ask, 1}, FileBatchMode::kAll, reply)));
  TRY(payloads_.terminate(leaving.payload));
  auto gone = wait_gone(leaving, deadline_ns);
  // One that waits in the kernel for its scheduler's end outlives a SIGKILL: what the kernel says
  // of the scheduler counts.
  auto killed = collect(leaving);
  if (!gone && gone.error().code == StatusCode::kTimeout) {
    const std::string state = TRY(state_after_grace());
    return state == "disabled" ? Result<>() : not_detached(leaving, state);
  }
  return gone && !killed ? std::unexpected(std::move(killed).error()) : std::move(gone);
}

std::unexpected<Error> KernelSchedulers::not_detached(const Attached& leaving,
                                                      const std::string& state) {
  return fail(StatusCode::kTimeout,
              "not detached in time: sched_ext is " + state + "; " + state_of_loader(leaving),
              "the machine cannot go on with another scheduler");
}

Result<> KernelSchedulers::wait_gone(const Attached& leaving, std::int64_t deadline_ns) {
  while (true) {
    const std::string state = TRY(sched_ext("state"));
    const bool ended = payloads_.has_ended(leaving.payload);
    if (state == "disabled" && ended) {
      return {};
    }
    if (clock_.now_ns() >= deadline_ns) {
      return not_detached(leaving, state);
    }
    if (!ended) { // else the kernel is still at work, and a look takes a round trip
      TRY(pause(leaving.payload, deadline_ns));
    }
  }
}

Result<KernelSchedulers::Ended> KernelSchedulers::collect(const Attached& from) {
  ReportCopy copy;
  TRY(from_status(payloads_.kill(from.payload, copy)));
  Ended ended;
  ended.report =
      from.own_loader ? read_loader_lines(copy.out) : read_foreign_output(copy.out, copy.err);
  if (from.own_loader && !copy.err.empty()) {
    ended.report.log += copy.err;
  }
  if (ended.report.log.size() > kLogBytes) {
    ended.report.log.erase(0, ended.report.log.size() - kLogBytes);
  }
  ended.wait_status = copy.wait_status;
  ended.at_ns = copy.ended_ns;
  return ended;
}

void KernelSchedulers::tell(const Attached& gone, const Ended& ended) {
  LoaderReport report = ended.report;
  if (!report.kind) { // the kernel unregisters what a loader leaves behind
    report.kind = kExitUnreg;
    report.reason = exit_kind_info(kExitUnreg).reason;
    report.message = report.failed.empty() ? how_it_ended(ended.wait_status) : report.failed;
  }
  SchedulerExit exit;
  exit.kind = *report.kind;
  exit.code = report.code;
  exit.at_ns = ended.at_ns;
  exit.scheduler = gone.id;
  exit.reason = report.reason;
  exit.message = report.message;
  exit.log = report.log;
  exit.dump = report.dump;
  if (const auto task = task_in_message(report.message)) {
    exit.pid = task->pid;
    exit.task = task->comm;
    if (task->waited_ns) {
      exit.runnable_since_ns = std::max<std::int64_t>(ended.at_ns - *task->waited_ns, 0);
    }
  }
  on_exit_(exit);
}

} // namespace schedrig::kvm
