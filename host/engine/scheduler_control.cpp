// SPDX-License-Identifier: MIT
#include "host/engine/scheduler_control.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "host/text/human_duration.hpp"
#include "host/text/nearest.hpp"

namespace schedrig::engine {
namespace {

// The scheduler's process gets this long to end by itself, as long as a service manager gives.
constexpr std::int64_t kDetachNs = 10'000'000'000;
// Verification of a large BPF scheduler takes seconds; the same as attach_scheduler's default.
const std::int64_t kRestartNs = AttachScheduler{}.timeout_ns;
// A scheduler asks for a restart after a CPU came or went; more of them in one run is a loop.
constexpr std::uint32_t kMaxRestarts = 64;

std::string in_quotes(std::string_view name) {
  return "\"" + std::string(name) + "\"";
}

std::string how_it_ended(std::int64_t exit_kind) {
  if (exit_kind >= kExitError) {
    return "was ejected";
  }
  return exit_kind == kExitUnregKern || exit_kind == kExitSysrq ? "was disabled"
                                                                : "exited by itself";
}

} // namespace

Error exit_error(const SchedulerEvent& exit) {
  const ExitKindInfo kind = exit_kind_info(exit.exit_kind);
  std::string message = "scheduler " + in_quotes(exit.scheduler) + " " +
                        how_it_ended(exit.exit_kind) + " at " + text::human_duration(exit.at_ns) +
                        ": " + std::string(kind.name) + " (" + std::to_string(exit.exit_kind) +
                        "), " + exit.reason;
  if (!exit.message.empty()) {
    message += ": " + exit.message;
  }
  if (exit.exit_code != 0) {
    message += ", exit code " + std::to_string(exit.exit_code);
  }
  if (exit.pid != 0 && exit.runnable_since_ns >= 0) {
    message += "; task " + exit.task + "[" + std::to_string(exit.pid) + "] is runnable since " +
               text::human_duration(exit.runnable_since_ns);
  }
  std::string help = exit.help;
  if (help.empty() && exit.message.find("uncaught exception") != std::string::npos) {
    help = "a callback threw: catch it in the plugin, or report it by kernel().error()";
  }
  if (help.empty()) {
    help = (exit.exit_code & kExitCodeRestart) != 0
               ? "it asks to be started anew: [run] on_exit = \"restart\" does that"
               : "the message is the scheduler's own; an exit that is meant to happen is declared "
                 "with [run] expect = \"scheduler_exit\"";
  }
  return {StatusCode::kSchedulerExit, std::move(message), std::move(help), 0};
}

SchedulerControl::SchedulerControl(SchedulersFacet& facet, Machine& machine,
                                   const ExitSource& exits,
                                   std::span<const SchedulerChoice> choices, const RunConfig& run,
                                   RunReport& report, RunObserver& observer)
    : facet_(facet), machine_(machine), exits_(exits), choices_(choices), run_(run),
      report_(report), observer_(observer), seen_(exits.exits().size()) {}

void SchedulerControl::record(SchedulerEvent event) {
  observer_.on_scheduler_event(event);
  report_.scheduler_events.push_back(std::move(event));
}

void SchedulerControl::tell(bool attached) const {
  if (on_change_) {
    on_change_(attached);
  }
}

std::string_view SchedulerControl::attached() const {
  return attached_ == nullptr ? std::string_view{} : attached_->label;
}

Result<const SchedulerChoice*> SchedulerControl::find(std::string_view name) const {
  const auto found = std::ranges::find(choices_, name, &SchedulerChoice::name);
  if (found != choices_.end()) {
    return &*found;
  }
  std::vector<std::string_view> names;
  std::ranges::transform(choices_, std::back_inserter(names), &SchedulerChoice::name);
  return fail(StatusCode::kNotFound, "there is no scheduler " + in_quotes(name),
              text::suggest(name, names, "schedulers of this run"));
}

Result<> SchedulerControl::check_attachable(std::string_view name) const {
  if (name == kKernelsOwn) {
    return fail(StatusCode::kInvalidArgument,
                in_quotes(name) +
                    " is the kernel's own scheduler: it runs while nothing is attached",
                attached_ == nullptr ? "leave this op out: nothing is attached"
                                     : "detach_scheduler leads back to it");
  }
  (void)TRY(find(name));
  return {};
}

Result<> SchedulerControl::check_attached(std::string_view what) const {
  if (attached_ != nullptr) {
    return {};
  }
  std::string help = "eevdf, the kernel's own scheduler, runs; attach_scheduler attaches another";
  const auto& events = report_.scheduler_events;
  if (!events.empty() && events.back().kind == SchedulerEventKind::kExit) {
    help = in_quotes(events.back().scheduler) + " exited at " +
           text::human_duration(events.back().at_ns) + ": " + events.back().message;
  }
  return fail(StatusCode::kNotFound, std::string(what) + ": no scheduler is attached",
              std::move(help));
}

Result<> SchedulerControl::attach(std::string_view name, std::int64_t timeout_ns) {
  TRY(look());
  TRY(check_attachable(name));
  if (attached_ != nullptr) {
    return fail(StatusCode::kAlreadyExists,
                "attach scheduler " + in_quotes(name) + ": " + in_quotes(attached_->label) +
                    " is attached",
                "detach_scheduler first, or use replace_scheduler");
  }
  return bring_up(*TRY(find(name)), timeout_ns, std::nullopt);
}

Result<> SchedulerControl::detach() {
  TRY(look());
  TRY(check_attached("detach the scheduler"));
  return take_down();
}

Result<> SchedulerControl::restart() {
  TRY(look());
  TRY(check_attached("restart the scheduler"));
  return swap(*attached_, kRestartNs);
}

Result<> SchedulerControl::replace(std::string_view name, std::int64_t timeout_ns) {
  TRY(look());
  TRY(check_attachable(name));
  TRY(check_attached("replace the scheduler by " + in_quotes(name)));
  return swap(*TRY(find(name)), timeout_ns);
}

Result<> SchedulerControl::swap(const SchedulerChoice& next, std::int64_t timeout_ns) {
  const std::string before = attached_->label;
  const std::int64_t since = machine_.now_ns();
  TRY(take_down());
  auto attached = bring_up(next, timeout_ns, since);
  if (!attached) {
    Error error = std::move(attached).error();
    error.message += "; " + in_quotes(before) +
                     " is detached: the machine is without a scheduler of "
                     "its own, eevdf runs";
    return std::unexpected(std::move(error));
  }
  return {};
}

Result<> SchedulerControl::bring_up(const SchedulerChoice& choice, std::int64_t timeout_ns,
                                    std::optional<std::int64_t> gone_since_ns) {
  const std::int64_t start = machine_.now_ns();
  auto done = from_status(facet_.attach(choice.label, *choice.plugin, choice.params, timeout_ns));
  const std::int64_t end = machine_.now_ns();
  if (!done && seen_ == exits_.exits().size()) {
    report_.attach_error =
        std::move(done).error().context("attach scheduler " + in_quotes(choice.label));
    return std::unexpected(*report_.attach_error);
  }
  SchedulerEvent event;
  event.kind = SchedulerEventKind::kAttach;
  event.scheduler = choice.label;
  event.at_ns = end;
  event.took_ns = end - start;
  if (gone_since_ns) {
    event.gap_ns = end - *gone_since_ns;
  }
  record(std::move(event));
  attached_ = &choice;
  tell(true);
  return look(); // it may have taken over the tasks and broken a rule with them
}

Result<> SchedulerControl::take_down() {
  tell(false);
  std::int64_t start = machine_.now_ns();
  auto done = from_status(facet_.detach(kDetachNs));
  while (!done && seen_ != exits_.exits().size()) { // it went by itself just before
    TRY(look());
    TRY(check_attached("detach the scheduler"));
    tell(false);
    start = machine_.now_ns();
    done = from_status(facet_.detach(kDetachNs)); // the one that was restarted
  }
  if (!done) {
    return std::unexpected(
        std::move(done).error().context("detach scheduler " + in_quotes(attached_->label)));
  }
  SchedulerEvent event;
  event.kind = SchedulerEventKind::kDetach;
  event.scheduler = std::exchange(attached_, nullptr)->label;
  event.at_ns = machine_.now_ns();
  event.took_ns = event.at_ns - start;
  record(std::move(event));
  return {};
}

Result<> SchedulerControl::look() {
  while (seen_ < exits_.exits().size() && !unexpected_) {
    TRY(deal_with(exits_.exits()[seen_++]));
  }
  if (unexpected_) {
    return std::unexpected(*unexpected_);
  }
  return {};
}

bool SchedulerControl::is_expected(const SchedulerEvent& exit) const {
  const ExpectedExit& wanted = run_.expect_exit;
  return run_.expect == Expectation::kSchedulerExit &&
         wanted.kind.value_or(exit.exit_kind) == exit.exit_kind &&
         exit.message.find(wanted.message) != std::string::npos;
}

Result<> SchedulerControl::deal_with(SchedulerEvent exit) {
  if (on_error_ && exit.exit_kind >= kExitError) {
    on_error_(exit);
  }
  tell(false);
  const SchedulerChoice* const gone = std::exchange(attached_, nullptr);
  exit.restarted = run_.on_exit == OnExit::kRestart && gone != nullptr &&
                   (exit.exit_code & kExitCodeRestart) != 0 && ++restarts_ <= kMaxRestarts;
  exit.expected = !exit.restarted && is_expected(exit);
  saw_expected_exit_ = saw_expected_exit_ || exit.expected;
  if (!exit.restarted && !exit.expected) {
    unexpected_ = exit_error(exit);
    if (restarts_ > kMaxRestarts) {
      unexpected_->help = "it was restarted " + std::to_string(kMaxRestarts) + " times in this run";
    }
  }
  const std::int64_t at = exit.at_ns;
  const bool again = exit.restarted;
  record(std::move(exit));
  if (again) {
    return bring_up(*gone, kRestartNs, at);
  }
  return {};
}

} // namespace schedrig::engine
