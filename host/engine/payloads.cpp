// SPDX-License-Identifier: MIT
#include "host/engine/payloads.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <variant>

#include <sys/wait.h>

#include "host/engine/payload_checks.hpp"
#include "host/engine/payload_metrics.hpp"
#include "host/text/nearest.hpp"

namespace schedrig::engine {
namespace {

// What a report shows of a stream: enough for a message and a stack trace.
constexpr std::size_t kTailBytes = 1024;

bool is_scheduler(const Scenario& scenario, std::string_view name) {
  const auto attaches = [&](const Op& op) {
    const auto* attach = std::get_if<AttachScheduler>(&op.body);
    const auto* replace = std::get_if<ReplaceScheduler>(&op.body);
    return (attach != nullptr && attach->scheduler == name) ||
           (replace != nullptr && replace->scheduler == name);
  };
  const auto declared = [&](const SchedulerConfig& scheduler) { return scheduler.name == name; };
  return scenario.run.scheduler == name || std::ranges::any_of(scenario.schedulers, declared) ||
         std::ranges::any_of(scenario.backdrop.ops, attaches) ||
         std::ranges::any_of(scenario.steps, [&](const Step& step) {
           return std::ranges::any_of(step.ops, attaches);
         });
}

std::string_view how(PayloadEnd end) {
  constexpr std::array<std::string_view, 6> kHow = {
      "by itself",
      "by kill_payload",
      "by a wait_payload that timed out",
      "by stop_cgroup or remove_cgroup",
      "by the end of its step",
      "with the machine",
  };
  return kHow.at(static_cast<std::size_t>(end));
}

std::string tail(std::string_view text) {
  return std::string(text.substr(text.size() - std::min(text.size(), kTailBytes)));
}

PayloadRecord record_of(const PayloadHandle& handle, PayloadEnd end) {
  PayloadRecord record;
  record.name = handle.def->name;
  record.cgroup = handle.cgroup;
  record.step = handle.scope.name;
  record.binary = handle.def->binary;
  record.args = handle.args;
  record.number = handle.number;
  record.pid = handle.pid;
  record.end = end;
  record.start_ns = handle.start_ns;
  record.gate = handle.def->gate;
  return record;
}

// Evaluates what is known and enters it into the report.
void keep(OpContext& context, const PayloadHandle& handle, PayloadRecord record) {
  add_common_metrics(record);
  record.checks = evaluate_payload_checks(handle.def->checks, record);
  context.payloads.consume(handle, std::string(how(record.end)));
  context.observer.on_payload_end(record);
  context.report.payloads.push_back(std::move(record));
}

class Recorder final : public PayloadReportSink {
 public:
  Recorder(const PayloadHandle& handle, PayloadEnd end) : handle_(handle), end_(end) {}

  void on_report(const PayloadReport& report) noexcept override {
    // A kill that came too late changes nothing.
    const bool by_itself =
        !WIFSIGNALED(report.wait_status) || WTERMSIG(report.wait_status) != SIGKILL;
    record_ = record_of(handle_, by_itself ? PayloadEnd::kItself : end_);
    record_.wait_status = report.wait_status;
    record_.start_ns = report.started_ns;
    record_.end_ns = report.ended_ns;
    record_.cpu_ns = report.cpu_ns;
    record_.stdout_tail = tail(report.stdout_text);
    record_.stderr_tail = tail(report.stderr_text);
    record_.stdout_truncated = report.stdout_truncated != 0;
    record_.stderr_truncated = report.stderr_truncated != 0;
    const bool whole = record_.end == PayloadEnd::kItself && !record_.stdout_truncated;
    auto read = read_metrics(handle_.def->output, report.stdout_text, whole);
    record_.metrics = std::move(read.metrics);
    record_.metrics_problem = std::move(read.problem);
    if (record_.stdout_truncated && handle_.def->output != PayloadOutput::kExitCode) {
      record_.metrics_problem = "only the first " + std::to_string(report.stdout_text.size()) +
                                " bytes of its stdout were kept";
    }
  }
  [[nodiscard]] PayloadRecord take() { return std::move(record_); }

 private:
  const PayloadHandle& handle_;
  PayloadEnd end_;
  PayloadRecord record_;
};

class Ignore final : public PayloadReportSink {
 public:
  void on_report(const PayloadReport& /*report*/) noexcept override {}
};

Result<> checked(OpContext& context, const Status& status) {
  auto result = from_status(status);
  if (!result) {
    context.session.note_failure(result.error());
  }
  return result;
}

Result<> require_facet(OpContext& context) {
  if (context.session.payloads() != nullptr) {
    return {};
  }
  return fail(StatusCode::kUnsupported,
              "the machine has no " + std::string(PayloadsFacet::kInterfaceId),
              "use a backend that offers it; `schedrig plugins --verbose` lists what each can do");
}

// Spawned, waiting in the runner's cgroup.
Result<> spawn(OpContext& context, PayloadHandle& handle) {
  const std::vector<std::string_view> args(handle.args.begin(), handle.args.end());
  const std::vector<std::string_view> files(handle.def->files.begin(), handle.def->files.end());
  const PayloadSpec spec = {
      .name = handle.def->name, .binary = handle.def->binary, .args = args, .files = files};
  auto spawned =
      checked(context, context.session.payloads()->spawn(spec, &handle.facet_payload, &handle.pid));
  if (!spawned) {
    return std::unexpected(
        std::move(spawned).error().context(describe_payload(handle.def->name, handle.cgroup)));
  }
  return {};
}

template <class Match> Result<> end_matching(OpContext& context, PayloadEnd end, Match&& matches) {
  Result<> first;
  auto& live = context.payloads.live();
  for (auto at = live.end(); at != live.begin();) {
    auto handle = std::prev(at);
    if (!matches(*handle)) {
      at = handle;
      continue;
    }
    auto killed = kill_payload(context, *handle, end); // erases it; `at` stays valid
    if (first && !killed) {
      first = std::move(killed);
    }
  }
  return first;
}

} // namespace

Result<const PayloadDef*> find_payload(OpContext& context, std::string_view name) {
  const Scenario& scenario = context.scenario;
  TRY(require_facet(context));
  if (is_scheduler(scenario, name)) {
    return fail(StatusCode::kInvalidArgument,
                "\"" + std::string(name) + "\" is a scheduler of this scenario, not a payload",
                "attach_scheduler starts it");
  }
  const auto found = std::ranges::find(scenario.payloads, name, &PayloadDef::name);
  if (found != scenario.payloads.end()) {
    return &*found;
  }
  std::vector<std::string_view> names;
  std::ranges::transform(scenario.payloads, std::back_inserter(names), &PayloadDef::name);
  return fail(StatusCode::kNotFound, "no payload \"" + std::string(name) + "\" is declared",
              names.empty() ? "declare it in a [[payload]]"
                            : text::suggest(name, names, "declared payloads"));
}

Result<> start_payload(OpContext& context, const PayloadDef& def,
                       const std::vector<std::string>& args, Cgroup* cgroup) {
  PayloadHandle handle;
  handle.def = &def;
  handle.cgroup = cgroup == nullptr ? "" : cgroup->name;
  handle.scope = context.scope;
  handle.pos = context.pos;
  handle.args = def.default_args;
  handle.args.insert(handle.args.end(), args.begin(), args.end());
  TRY(context.payloads.require_free(def.name, handle.cgroup));
  TRY(spawn(context, handle));
  Result<> placed;
  if (cgroup != nullptr) {
    placed = context.tree.move_tasks(cgroup->name, {&handle.pid, 1});
  }
  if (placed) {
    handle.start_ns = context.session.now_ns();
    placed = checked(context, context.session.payloads()->start(handle.facet_payload));
  }
  if (!placed) {
    if (!context.session.lost()) {
      Ignore nothing;
      (void)context.session.payloads()->kill(handle.facet_payload, nothing);
    }
    return std::unexpected(
        std::move(placed).error().context(describe_payload(def.name, handle.cgroup)));
  }
  handle.number = context.report.next_payload++;
  context.observer.on_payload_start(record_of(handle, PayloadEnd::kItself));
  context.payloads.add(std::move(handle));
  return {};
}

Result<> collect_payload(OpContext& context, PayloadHandle& handle) {
  Recorder recorder(handle, PayloadEnd::kItself);
  TRY(checked(context, context.session.payloads()->collect(handle.facet_payload, recorder)));
  keep(context, handle, recorder.take());
  return {};
}

Result<> kill_payload(OpContext& context, PayloadHandle& handle, PayloadEnd how) {
  PayloadsFacet& facet = *context.session.payloads();
  Recorder recorder(handle, how);
  Result<> killed;
  if (!context.session.lost()) {
    killed = checked(context, facet.kill(handle.facet_payload, recorder));
    if (killed) {
      keep(context, handle, recorder.take());
      return {};
    }
    killed = std::unexpected(std::move(killed).error().context(
        "kill " + describe_payload(handle.def->name, handle.cgroup)));
  } else if (context.session.machine_failed()) {
    (void)facet.kill(handle.facet_payload, recorder); // for what came of its output
  }
  const PayloadRecord heard = recorder.take();
  PayloadRecord record = record_of(handle, PayloadEnd::kMachineLost);
  record.end_ns = context.session.now_ns();
  record.stdout_tail = heard.stdout_tail;
  record.stderr_tail = heard.stderr_tail;
  keep(context, handle, std::move(record));
  return killed;
}

Result<> end_payloads_of_cgroup(OpContext& context, const Cgroup& cgroup) {
  return end_matching(context, PayloadEnd::kCgroupEnd,
                      [&](const PayloadHandle& handle) { return handle.cgroup == cgroup.name; });
}

Result<> drain_payloads(OpContext& context, Owner owner) {
  return end_matching(context, PayloadEnd::kScopeEnd,
                      [&](const PayloadHandle& handle) { return handle.scope.owner == owner; });
}

} // namespace schedrig::engine
