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

Result<kernel_view::KernelSnapshot> Snapshots::read_frozen(const std::string& scope,
                                                           SnapshotRecord& record) {
  FreezeWindowRecord freeze;
  freeze.id = static_cast<std::uint32_t>(report_.freeze_windows.size() + 1);
  freeze.step = scope;
  freeze.ops = 1;
  freeze.at_ns = record.at_ns = session_.now_ns();
  auto window = TRY(engine::freeze(session_));
  auto read = reader_.read(session_.vcpus());
  auto frozen_ns = window.close();
  if (!frozen_ns) {
    session_.note_failure(frozen_ns.error());
    return std::unexpected(std::move(frozen_ns).error().context("let the machine go on"));
  }
  freeze.frozen_ns = *frozen_ns;
  record.window = freeze.id;
  report_.freeze_windows.push_back(freeze);
  observer_.on_freeze_window(freeze);
  return read;
}

Result<> Snapshots::take(const std::string& name, const std::string& trigger,
                         const std::string& scope, SnapshotSink* sink) {
  if (report_.snapshots.size() >= kMostSnapshots) {
    return fail(StatusCode::kUnsupported,
                "a run keeps at most " + std::to_string(kMostSnapshots) + " snapshots");
  }
  TRY(reader_.prepare());
  SnapshotRecord record;
  record.name = unused_name(name);
  record.trigger = trigger;
  const kernel_view::KernelSnapshot read = TRY(read_frozen(scope, record));
  record.document = reader_.render(read);
  if (trigger == kExitTrigger) {
    report_.scenes.push_back(scene_of(read, "snapshot \"" + record.name + "\"", record.at_ns));
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

void Snapshots::take_at_exit(SchedulerEvent& exit) {
  SnapshotSink* const sink = sink_ != nullptr && sink_->keeps_unasked() ? sink_ : nullptr;
  const auto taken = take("scheduler exit", kExitTrigger, "a scheduler's exit", sink);
  if (taken) {
    exit.snapshot = report_.snapshots.back().name;
    return;
  }
  exit.snapshot_error = taken.error().message;
  if (taken.error().code == StatusCode::kTimeout) {
    report_.late_vcpu = taken.error().message;
  }
}

std::int64_t SnapshotTimes::next_ns() const {
  if (taken_ >= count_) {
    return INT64_MAX;
  }
  const std::int64_t part = duration_ns_ / count_;
  return start_ns_ + part * taken_ + part / 2;
}

} // namespace schedrig::engine
