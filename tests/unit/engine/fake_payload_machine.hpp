// SPDX-License-Identifier: MIT
// FakePayloadMachine: a machine whose files all succeed and whose payloads end when their script
// says. Notes every call, so that tests can tell the order of things.
#pragma once

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <schedrig/backend.hpp>
#include <schedrig/files.hpp>
#include <schedrig/payloads.hpp>
#include <schedrig/tasks.hpp>

namespace schedrig::engine::test {

// What a program does; found by PayloadSpec::binary.
struct Script {
  std::int64_t runs_ns = 0; // kForEver: until it is killed
  int wait_status = 0;
  std::string stdout_text = {};
  std::string stderr_text = {};
  bool truncated = false;
};
inline constexpr std::int64_t kForEver = INT64_MAX / 2;

class FakePayloadMachine final : public Machine, private FilesFacet, private TasksFacet {
 public:
  std::map<std::string, Script> scripts;
  std::vector<std::string> log;
  bool offers_payloads = true;
  Status on_start; // what start answers
  Status on_wait;  // what wait answers once there is something to wait for
  Status on_kill;  // what kill answers
  std::function<void()> while_waiting = [] {};
  std::string failing_write; // a path that answers EBUSY

  [[nodiscard]] FilesFacet& files() { return *this; }
  [[nodiscard]] TasksFacet& tasks() { return *this; }
  [[nodiscard]] std::size_t living() const {
    return static_cast<std::size_t>(std::ranges::count(payloads_.list, true, &Running::used));
  }

  void* query(std::string_view id) noexcept override {
    return offers_payloads && id == PayloadsFacet::kInterfaceId
               ? static_cast<PayloadsFacet*>(&payloads_)
               : nullptr;
  }
  Status boot(std::int64_t /*timeout_ns*/) noexcept override { return {}; }
  [[nodiscard]] std::int64_t now_ns() noexcept override { return now_; }
  Status wait_until(std::int64_t deadline_ns, WakeReason* reason) noexcept override {
    now_ = std::max(now_, deadline_ns);
    *reason = WakeReason::kDeadline;
    return {};
  }
  void interrupt() noexcept override {}
  void describe(FactSink& /*sink*/) noexcept override {}
  Status shut_down(std::int64_t /*timeout_ns*/) noexcept override { return {}; }

 private:
  struct Running {
    bool used = false;
    Script script;
    std::int32_t pid = 0;
    std::int64_t started_ns = kForEver; // not yet
    std::int64_t killed_ns = kForEver;

    [[nodiscard]] std::int64_t ends_ns() const {
      return std::min(killed_ns, started_ns == kForEver ? kForEver : started_ns + script.runs_ns);
    }
  };

  class Payloads final : public PayloadsFacet {
   public:
    explicit Payloads(FakePayloadMachine& machine) : machine_(machine) {}
    std::vector<Running> list;

    Status spawn(const PayloadSpec& spec, std::uint32_t* payload,
                 std::int32_t* pid) noexcept override {
      std::string line = "spawn " + std::string(spec.binary);
      for (const std::string_view arg : spec.args) {
        line += " " + std::string(arg);
      }
      machine_.log.push_back(line);
      const auto script = machine_.scripts.find(std::string(spec.binary));
      if (script == machine_.scripts.end()) {
        return Status::make(StatusCode::kNotFound, "no such program");
      }
      *payload = static_cast<std::uint32_t>(list.size());
      *pid = static_cast<std::int32_t>(100 + list.size());
      list.push_back({.used = true, .script = script->second, .pid = *pid});
      return {};
    }
    Status start(std::uint32_t payload) noexcept override {
      machine_.log.push_back("start " + std::to_string(list[payload].pid));
      list[payload].started_ns = machine_.now_;
      return machine_.on_start;
    }
    Status wait(std::uint32_t payload, std::int64_t deadline_ns,
                PayloadWake* why) noexcept override {
      machine_.while_waiting();
      if (!machine_.on_wait.ok()) {
        return machine_.on_wait;
      }
      machine_.now_ = std::max(machine_.now_, std::min(deadline_ns, list[payload].ends_ns()));
      *why =
          machine_.now_ >= list[payload].ends_ns() ? PayloadWake::kExited : PayloadWake::kDeadline;
      return {};
    }
    Status collect(std::uint32_t payload, PayloadReportSink& sink) noexcept override {
      machine_.log.push_back("collect " + std::to_string(list[payload].pid));
      return report(list[payload], sink);
    }
    Status kill(std::uint32_t payload, PayloadReportSink& sink) noexcept override {
      machine_.log.push_back("kill " + std::to_string(list[payload].pid));
      list[payload].killed_ns = machine_.now_;
      const Status reported = report(list[payload], sink);
      return machine_.on_kill.ok() ? reported : machine_.on_kill;
    }

   private:
    static Status report(Running& running, PayloadReportSink& sink) {
      const bool killed =
          running.killed_ns <
          (running.started_ns == kForEver ? kForEver : running.started_ns + running.script.runs_ns);
      PayloadReport report;
      report.pid = running.pid;
      report.wait_status = killed ? SIGKILL : running.script.wait_status;
      report.started_ns = running.started_ns;
      report.ended_ns = running.ends_ns();
      report.cpu_ns = 1;
      report.stdout_text = running.script.stdout_text;
      report.stderr_text = running.script.stderr_text;
      report.stdout_truncated = running.script.truncated ? 1 : 0;
      sink.on_report(report);
      running = {};
      return {};
    }

    FakePayloadMachine& machine_;
  };

  Status run(std::span<const FileOp> ops, FileBatchMode /*mode*/,
             FileReplySink& sink) noexcept override {
    for (std::uint32_t i = 0; i < ops.size(); ++i) {
      FileReply reply;
      if (ops[i].path.ends_with("/cpu/online")) {
        reply.data = "0-1\n";
      } else if (ops[i].kind == FileOpKind::kWrite && ops[i].path == failing_write) {
        reply.os_errno = EBUSY;
      } else if (ops[i].kind == FileOpKind::kWrite) {
        log.push_back("write " + std::string(ops[i].path.substr(ops[i].path.rfind('/') + 1)) + " " +
                      std::string(ops[i].data));
      }
      sink.on_reply(i, reply);
    }
    return {};
  }
  Status spawn(const WorkSpec& /*spec*/, std::uint32_t* /*group*/,
               PidSink& /*pids*/) noexcept override {
    return Status::make(StatusCode::kUnsupported, "no workers here");
  }
  Status start(std::uint32_t /*group*/) noexcept override { return {}; }
  Status stop(std::uint32_t /*group*/, std::int64_t /*grace_ns*/,
              WorkerReportSink& /*sink*/) noexcept override {
    return {};
  }

  std::int64_t now_ = 0;
  Payloads payloads_{*this};
};

} // namespace schedrig::engine::test
