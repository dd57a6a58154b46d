// SPDX-License-Identifier: MIT
// ScriptedMachine: a machine whose files are a map, for what no real machine can be made to do at
// will: fail the nth write of a file. Reads give what was written last, writes to cgroup.procs move
// a process.
#pragma once

#include <algorithm>
#include <cerrno>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <schedrig/backend.hpp>
#include <schedrig/files.hpp>
#include <schedrig/tasks.hpp>

#include "host/engine/op_context.hpp"

namespace schedrig::engine {

class ScriptedMachine final : public Machine, private FilesFacet, private TasksFacet {
 public:
  std::map<std::string, std::string> files;
  std::vector<std::string> written; // "path data" of each write that succeeded
  struct Failure {
    std::string path;
    std::string data; // of the write that fails
    int os_errno = EIO;
  };
  std::vector<Failure> failures;
  std::map<std::string, void*, std::less<>> facets; // what query() finds
  EventSink* events = nullptr;
  std::int64_t ejects = 0; // the kind of a scheduler's exit in the next wait

  // Makes cgroup `name` of the managed parent with processes.
  void add_cgroup(const std::string& name, const std::string& cpus,
                  const std::vector<std::int32_t>& pids) {
    const std::string dir = kParent + name;
    files[dir + "/cpuset.cpus"] = cpus + "\n";
    files[dir + "/cgroup.procs"] = "";
    for (const std::int32_t pid : pids) {
      files[dir + "/cgroup.procs"] += std::to_string(pid) + "\n";
    }
  }
  [[nodiscard]] std::string file_of(const std::string& cgroup, const std::string& file) {
    return files[kParent + cgroup + "/" + file];
  }
  [[nodiscard]] static std::string path_of(const std::string& cgroup, const std::string& file) {
    return kParent + cgroup + "/" + file;
  }
  [[nodiscard]] FilesFacet& files_facet() { return *this; }
  [[nodiscard]] TasksFacet& tasks_facet() { return *this; }

  void* query(std::string_view interface_id) noexcept override {
    const auto found = facets.find(interface_id);
    return found == facets.end() ? nullptr : found->second;
  }
  Status boot(std::int64_t /*timeout_ns*/) noexcept override { return {}; }
  [[nodiscard]] std::int64_t now_ns() noexcept override { return ++now_; }
  Status wait_until(std::int64_t deadline_ns, WakeReason* reason) noexcept override {
    now_ = std::max(now_, deadline_ns);
    if (events != nullptr && ejects != 0) {
      Event event;
      event.kind = EventKind::kSchedulerExit;
      event.at_ns = now_;
      event.value = std::exchange(ejects, 0);
      event.text = "ejected";
      events->on_event(event);
    }
    *reason = WakeReason::kDeadline;
    return {};
  }
  void interrupt() noexcept override {}
  void describe(FactSink& /*sink*/) noexcept override {}
  Status shut_down(std::int64_t /*timeout_ns*/) noexcept override { return {}; }

 private:
  inline static const std::string kParent = "/sys/fs/cgroup/schedrig/";

  Status run(std::span<const FileOp> ops, FileBatchMode /*mode*/,
             FileReplySink& sink) noexcept override {
    for (std::uint32_t i = 0; i < ops.size(); ++i) {
      const std::string path(ops[i].path);
      FileReply reply;
      if (ops[i].kind == FileOpKind::kWrite) {
        reply.os_errno = write(path, std::string(ops[i].data));
      } else if (files.contains(path)) {
        reply.data = files[path];
      } else {
        reply.os_errno = ENOENT;
      }
      sink.on_reply(i, reply);
    }
    return {};
  }

  int write(const std::string& path, const std::string& data) {
    for (const Failure& failure : failures) {
      if (failure.path == path && failure.data == data) {
        return failure.os_errno;
      }
    }
    written.push_back(path + " " + data);
    if (path.ends_with("/cgroup.procs")) {
      move(path, data + "\n");
    } else {
      files[path] = data;
    }
    return 0;
  }

  void move(const std::string& to, const std::string& line) {
    for (auto& [path, text] : files) {
      if (path.ends_with("/cgroup.procs") && text.find(line) != std::string::npos) {
        text.erase(text.find(line), line.size());
      }
    }
    files[to] += line;
  }

  Status spawn(const WorkSpec& /*spec*/, std::uint32_t* /*group*/,
               PidSink& /*pids*/) noexcept override {
    return {};
  }
  Status start(std::uint32_t /*group*/) noexcept override { return {}; }
  Status stop(std::uint32_t /*group*/, std::int64_t /*grace_ns*/,
              WorkerReportSink& /*sink*/) noexcept override {
    return {};
  }

  std::int64_t now_ = 0;
};

} // namespace schedrig::engine
