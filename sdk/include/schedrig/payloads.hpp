// SPDX-License-Identifier: MIT
// The payloads facet: ordinary programs in the machine, with their exit status and their output.
// Placement is not its business: the host writes cgroup.procs through the files facet between
// spawn and start.
//
// Life of a payload: spawn (forked, has a pid, waits before execve(2)) -> start (executes) ->
// wait, as often as wanted -> collect, or kill at any point after spawn; both forget it. Times are
// nanoseconds of the machine's clock.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include <schedrig/status.hpp>

namespace schedrig {

// More than these is kInvalidArgument. Together well below the kernel's limit for one argument
// list (MAX_ARG_STRLEN is 128 KiB for each, execve(2)).
inline constexpr std::uint32_t kMaxPayloadArgs = 256;
inline constexpr std::uint32_t kMaxPayloadArgBytes = 4096;
// What is kept of a stream. The beginning of stdout, because results are read from its first byte
// on; the end of stderr, because that is where a program says why it gave up.
inline constexpr std::uint32_t kMaxPayloadStdout = 1024 * 1024;
inline constexpr std::uint32_t kMaxPayloadStderr = 16 * 1024;

struct PayloadSpec {
  std::uint32_t size = sizeof(PayloadSpec);
  std::uint32_t reserved = 0;
  std::string_view name;                  // as the scenario declares it; for messages
  std::string_view binary;                // a path on the host, or a name that the backend looks up
  std::span<const std::string_view> args; // without argv[0]
  // Files of the host that it needs in the machine at the same paths; programs with their
  // libraries.
  std::span<const std::string_view> files = {};
};

struct PayloadReport {
  std::uint32_t size = sizeof(PayloadReport);
  std::int32_t pid = 0;
  std::int32_t wait_status = 0; // as of waitpid(2)
  std::uint32_t stdout_truncated = 0;
  std::uint32_t stderr_truncated = 0;
  std::uint32_t reserved = 0;
  std::int64_t started_ns = 0; // 0 when it was never started
  std::int64_t ended_ns = 0;
  std::int64_t cpu_ns = 0;      // of the program and of the children that it waited for
  std::string_view stdout_text; // bytes as the program wrote them
  std::string_view stderr_text;
};

class PayloadReportSink {
 public:
  // Called once, from inside collect() or kill(); the views are valid during the call. When these
  // return kGuestFailed: with what had come of the output by then, or not at all; of that report
  // the texts alone count.
  virtual void on_report(const PayloadReport& report) noexcept = 0;

 protected:
  ~PayloadReportSink() = default;
};

// Why wait returned Ok.
enum class PayloadWake : std::uint32_t {
  kExited = 0,
  kDeadline = 1,
  kEvent = 2,       // an event other than a console line was delivered
  kInterrupted = 3, // Machine::interrupt() was called
};

class PayloadsFacet {
 public:
  static constexpr std::string_view kInterfaceId = "schedrig.payloads/1";

  // [host-thread] Forks a process, the leader of a process group of its own, in the spawner's own
  // cgroup; it waits before its first instruction of the program. kNotFound: there is no such
  // program, or one of its files, help says how to provide it. On error nothing is left.
  virtual Status spawn(const PayloadSpec& spec, std::uint32_t* payload,
                       std::int32_t* pid) noexcept = 0;

  // [host-thread] Lets a spawned payload execute its program. Once.
  virtual Status start(std::uint32_t payload) noexcept = 0;

  // [host-thread] Lets the machine run until the payload has ended or the clock reads at least
  // deadline_ns. Returns early when there is something for the host to look at, as
  // Machine::wait_until does.
  virtual Status wait(std::uint32_t payload, std::int64_t deadline_ns,
                      PayloadWake* why) noexcept = 0;

  // [host-thread] Reports a payload that has ended, kills what is left of its process group, reaps
  // and forgets it. kInvalidArgument while it lives.
  virtual Status collect(std::uint32_t payload, PayloadReportSink& sink) noexcept = 0;

  // [host-thread] SIGKILL to the whole process group, frozen or not, then as collect. One that has
  // ended by itself before keeps its own wait status.
  virtual Status kill(std::uint32_t payload, PayloadReportSink& sink) noexcept = 0;

 protected:
  ~PayloadsFacet() = default;
};

} // namespace schedrig
