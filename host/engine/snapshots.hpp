// SPDX-License-Identifier: MIT
// Snapshots: takes pictures of the kernel. All reading is done in one freeze window; what was read
// is rendered and stored after the machine goes on. Thread: host.
#pragma once

#include <cstdint>
#include <string>

#include <schedrig/result.hpp>
#include <schedrig/vcpus.hpp>

#include "host/engine/observer.hpp"
#include "host/engine/run_report.hpp"
#include "host/engine/session.hpp"
#include "host/kernel_view/kernel_snapshot.hpp"

namespace schedrig::engine {

// What knows the kernel that runs.
class SnapshotReader {
 public:
  virtual ~SnapshotReader() = default;

  // What takes time and needs no machine that stands still.
  virtual Result<> prepare() = 0;
  // In a freeze window. `vcpus`: null where there are no registers to be had.
  virtual kernel_view::KernelSnapshot read(VcpusFacet* vcpus) = 0;
  virtual json::Value render(const kernel_view::KernelSnapshot& snapshot) = 0;
};

// Where documents go.
class SnapshotSink {
 public:
  virtual ~SnapshotSink() = default;

  // Returns the file that the document is in now.
  virtual Result<std::string> keep(const std::string& name, const std::string& document) = 0;
  // Whether one goes there that nobody has asked for.
  [[nodiscard]] virtual bool keeps_unasked() const = 0;
};

// Read, and not rendered yet.
struct StandingSnapshot {
  kernel_view::KernelSnapshot read;
  std::int64_t at_ns = 0;
  std::uint32_t window = 0; // the freeze window that it was read in; 0: not noted yet
};

class Snapshots {
 public:
  // All outlive it. `sink`: null, and documents are in the report alone.
  Snapshots(Session& session, SnapshotReader& reader, SnapshotSink* sink, RunReport& report,
            RunObserver& observer)
      : session_(session), reader_(reader), sink_(sink), report_(report), observer_(observer) {}

  // `trigger` as of SnapshotRecord; `scope` is whose freeze window it is. kUnsupported: the
  // machine's CPUs cannot be stopped; kNotFound: its memory does not have the kernel.
  Result<> take(const std::string& name, const std::string& trigger, const std::string& scope) {
    return take(name, trigger, scope, sink_);
  }
  // Of the machine as a scheduler that has just been ejected has left it; the exit says which one
  // it is, or why there is none.
  void take_at_exit(SchedulerEvent& exit);

  // The same in three parts. Of a machine that stands still already and whose kernel has been
  // found:
  [[nodiscard]] StandingSnapshot read_standing(std::int64_t at_ns);
  // Once the machine goes on: for how long it stood; `scope` as of take().
  void note_window(StandingSnapshot& standing, const std::string& scope, std::int64_t frozen_ns);
  // When the exit is told of.
  void keep_at_exit(SchedulerEvent& exit, const StandingSnapshot& standing);

 private:
  Result<> take(const std::string& name, const std::string& trigger, const std::string& scope,
                SnapshotSink* sink);
  [[nodiscard]] std::string unused_name(const std::string& name) const;
  Result<StandingSnapshot> read_frozen(const std::string& scope);
  Result<> keep(const std::string& name, const std::string& trigger,
                const StandingSnapshot& standing, SnapshotSink* sink);
  [[nodiscard]] Result<> check_room() const;
  void tell(SchedulerEvent& exit, const Result<>& kept);
  // For those that nobody has asked for.
  [[nodiscard]] SnapshotSink* unasked_sink() const;

  Session& session_;
  SnapshotReader& reader_;
  SnapshotSink* sink_;
  RunReport& report_;
  RunObserver& observer_;
};

// When to take `count` snapshots, evenly over a duration: in the middle of as many equal parts of
// it. Pure.
class SnapshotTimes {
 public:
  SnapshotTimes(std::uint32_t count, std::int64_t start_ns, std::int64_t duration_ns)
      : count_(count), start_ns_(start_ns), duration_ns_(duration_ns) {}

  // Of the next one; INT64_MAX: there is none.
  [[nodiscard]] std::int64_t next_ns() const;
  void advance() { ++taken_; }
  [[nodiscard]] std::uint32_t taken() const { return taken_; }

 private:
  std::uint32_t count_;
  std::uint32_t taken_ = 0;
  std::int64_t start_ns_;
  std::int64_t duration_ns_;
};

} // namespace schedrig::engine
