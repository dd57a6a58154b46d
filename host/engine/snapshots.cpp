// SPDX-License-Identifier: MIT
#include "host/engine/snapshots.hpp"

#include <algorithm>
#include <utility>

#include "host/engine/freeze_session.hpp"
#include "host/engine/scene.hpp"
#include "host/json/text.hpp"

namespace schedrig::engine {
namespace {

// A document has some 100 KiB to some MiB, and a program in the guest may ask for one at any time.
constexpr std::size_t kMostSnapshots = 256;
const std::string kExitTrigger = "scheduler exit";

} // namespace

std::string Snapshots::unused_name(const std::string& name) const {
  std::string unused = name;
  for (int number = 2; std::ranges::find(report_.snapshots, unused, &SnapshotRecord::name) !=
                       report_.snapshots.end();
       ++number) {
    unused = name + "." + std::to_string(number);
  }
  return unused;
}

StandingSnapshot Snapshots::read_standing(std::int64_t at_ns) {
  return {.read = reader_.read(session_.vcpus()), .at_ns = at_ns};
}

void Snapshots::note_window(StandingSnapshot& standing, const std::string& scope,
                            std::int64_t frozen_ns) {
  FreezeWindowRecord freeze;
  freeze.id = standing.window = static_cast<std::uint32_t>(report_.freeze_windows.size() + 1);
  freeze.step = scope;
  freeze.ops = 1;
  freeze.at_ns = standing.at_ns;
  freeze.frozen_ns = frozen_ns;
  report_.freeze_windows.push_back(freeze);
  observer_.on_freeze_window(freeze);
}

Result<StandingSnapshot> Snapshots::read_frozen(const std::string& scope) {
  const std::int64_t at_ns = session_.now_ns();
  auto window = TRY(engine::freeze(session_));
  StandingSnapshot standing = read_standing(at_ns);
  auto frozen_ns = window.close();
  if (!frozen_ns) {
    session_.note_failure(frozen_ns.error());
    return std::unexpected(std::move(frozen_ns).error().context("let the machine go on"));
  }
  note_window(standing, scope, *frozen_ns);
  return standing;
}

Result<> Snapshots::take(const std::string& name, const std::string& trigger,
                         const std::string& scope, SnapshotSink* sink) {
  TRY(check_room());
  TRY(reader_.prepare());
  const StandingSnapshot standing = TRY(read_frozen(scope));
  return keep(name, trigger, standing, sink);
}

Result<> Snapshots::check_room() const {
  if (report_.snapshots.size() >= kMostSnapshots) {
    return fail(StatusCode::kUnsupported,
                "a run keeps at most " + std::to_string(kMostSnapshots) + " snapshots");
  }
  return {};
}

Result<> Snapshots::keep(const std::string& name, const std::string& trigger,
                         const StandingSnapshot& standing, SnapshotSink* sink) {
  TRY(check_room());
  SnapshotRecord record;
  record.name = unused_name(name);
  record.trigger = trigger;
  record.at_ns = standing.at_ns;
  record.window = standing.window;
  record.document = reader_.render(standing.read);
  if (trigger == kExitTrigger) {
    report_.scenes.push_back(
        scene_of(standing.read, "snapshot \"" + record.name + "\"", record.at_ns));
  }
  record.document.set("name", record.name);
  record.document.set("trigger", record.trigger);
  record.document.set("at_ns", record.at_ns);
  if (sink != nullptr) {
    record.file = TRY(sink->keep(record.name, json::to_document(record.document)));
  }
  report_.snapshots.push_back(std::move(record));
  return {};
}

SnapshotSink* Snapshots::unasked_sink() const {
  return sink_ != nullptr && sink_->keeps_unasked() ? sink_ : nullptr;
}

void Snapshots::tell(SchedulerEvent& exit, const Result<>& kept) {
  if (kept) {
    exit.snapshot = report_.snapshots.back().name;
    return;
  }
  exit.snapshot_error = kept.error().message;
  if (kept.error().code == StatusCode::kTimeout) {
    report_.late_vcpu = kept.error().message;
  }
}

void Snapshots::take_at_exit(SchedulerEvent& exit) {
  tell(exit, take("scheduler exit", kExitTrigger, "a scheduler's exit", unasked_sink()));
  exit.snapshot_by = exit.snapshot.empty() ? "" : "report";
}

void Snapshots::keep_at_exit(SchedulerEvent& exit, const StandingSnapshot& standing) {
  tell(exit, keep("scheduler exit", kExitTrigger, standing, unasked_sink()));
  exit.snapshot_by = exit.snapshot.empty() ? "" : "watch";
}

std::int64_t SnapshotTimes::next_ns() const {
  if (taken_ >= count_) {
    return INT64_MAX;
  }
  const std::int64_t part = duration_ns_ / count_;
  return start_ns_ + part * taken_ + part / 2;
}

} // namespace schedrig::engine
