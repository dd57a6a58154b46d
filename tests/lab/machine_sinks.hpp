// SPDX-License-Identifier: MIT
// What tests hand to a machine's facets, to be looked at afterwards.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <schedrig/backend.hpp>
#include <schedrig/files.hpp>
#include <schedrig/tasks.hpp>

namespace schedrig::lab {

class Events final : public EventSink {
 public:
  void on_event(const Event& event) noexcept override { text += std::string(event.text) + "\n"; }
  std::string text;
};

class Text final : public FileReplySink {
 public:
  void on_reply(std::uint32_t /*index*/, const FileReply& reply) noexcept override {
    os_errno = reply.os_errno;
    data = reply.data;
  }
  std::int32_t os_errno = -1;
  std::string data;
};

class Pids final : public PidSink {
 public:
  void on_pid(std::uint32_t /*worker*/, std::int32_t pid) noexcept override { all.push_back(pid); }
  std::vector<std::int32_t> all;
};

} // namespace schedrig::lab
