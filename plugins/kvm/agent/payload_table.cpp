// SPDX-License-Identifier: MIT
#include "agent/payload_table.hpp"

#include <algorithm>
#include <string>

#include "agent/clock.hpp"

namespace schedrig::agent {
namespace {

// As for workers: what takes longer hangs in the kernel.
constexpr std::int64_t kKillWaitNs = 5'000'000'000;

} // namespace

Result<Payload*> PayloadTable::find(std::uint32_t payload) {
  const auto found = payloads_.find(payload);
  if (found == payloads_.end()) {
    return fail(StatusCode::kNotFound, "no payload " + std::to_string(payload));
  }
  return found->second.get();
}

Result<kvm::PayloadSpawnReply> PayloadTable::spawn(const kvm::PayloadSpawnRequest& request) {
  if (payloads_.size() + disowned_.size() >= kMaxPayloads) {
    return fail(StatusCode::kUnsupported,
                std::to_string(kMaxPayloads) + " payloads are there already",
                "wait for one or kill one first");
  }
  kvm::PayloadSpawnReply reply;
  auto payload = TRY(Payload::spawn(request, environment_));
  reply.payload = next_++;
  reply.pid = payload->pid();
  payloads_.emplace(reply.payload, std::move(payload));
  return reply;
}

Result<> PayloadTable::start(std::uint32_t payload) {
  return TRY(find(payload))->start();
}

Result<> PayloadTable::terminate(std::uint32_t payload) {
  TRY(find(payload))->terminate();
  return {};
}

Result<std::unique_ptr<Payload>> PayloadTable::collect(std::uint32_t payload) {
  const Payload* found = TRY(find(payload));
  if (!found->ended()) {
    return fail(StatusCode::kInvalidArgument, "pid " + std::to_string(found->pid()) + " still runs",
                "wait for it or kill it first");
  }
  return take(payload);
}

Result<std::unique_ptr<Payload>> PayloadTable::kill(std::uint32_t payload) {
  Payload* found = TRY(find(payload));
  const pid_t pid = found->pid();
  found->kill();
  const std::int64_t until = monotonic_ns() + kKillWaitNs;
  while (!found->ended() && monotonic_ns() < until) {
    wait_(until);
  }
  const bool ended = found->ended();
  auto taken = take(payload);
  if (!ended) {
    return fail(StatusCode::kTimeout,
                "pid " + std::to_string(pid) + " did not end within 5 s of SIGKILL");
  }
  return taken;
}

std::unique_ptr<Payload> PayloadTable::take(std::uint32_t payload) {
  auto node = payloads_.extract(payload);
  node.mapped()->kill(); // what is left of its process group
  node.mapped()->out().read();
  node.mapped()->err().read();
  return std::move(node.mapped());
}

std::uint32_t PayloadTable::on_exit(pid_t pid, int wait_status, const rusage& usage) noexcept {
  for (const auto& [number, payload] : payloads_) {
    if (payload->pid() == pid && !payload->ended()) {
      payload->on_exit(wait_status, usage);
      return number;
    }
  }
  std::erase_if(disowned_, [pid](const auto& payload) { return payload->pid() == pid; });
  return 0;
}

void PayloadTable::disown() {
  for (auto& [number, payload] : payloads_) {
    if (!payload->ended()) {
      disowned_.push_back(std::move(payload));
    }
  }
  payloads_.clear();
}

std::vector<Payload*> PayloadTable::with_pipes() const {
  std::vector<Payload*> all;
  for (const auto& [number, payload] : payloads_) {
    all.push_back(payload.get());
  }
  for (const auto& payload : disowned_) { // one that is not read from would stand still
    all.push_back(payload.get());
  }
  return all;
}

void PayloadTable::add_waits(std::vector<pollfd>& waits) const {
  for (Payload* payload : with_pipes()) {
    for (const int fd : {payload->out().fd(), payload->err().fd()}) {
      if (fd >= 0) {
        waits.push_back({.fd = fd, .events = POLLIN, .revents = 0});
      }
    }
  }
}

void PayloadTable::read_output() noexcept {
  for (Payload* payload : with_pipes()) {
    payload->out().read();
    payload->err().read();
  }
}

bool PayloadTable::has_tails() const noexcept {
  return std::ranges::any_of(payloads_, [](const auto& entry) {
    return entry.second->out().fresh() || entry.second->err().fresh();
  });
}

void PayloadTable::take_tails(const TailSink& sink) {
  const auto tell = [&](std::uint32_t number, kvm::PayloadStream stream, PayloadOutput& output) {
    if (output.take_fresh()) {
      const std::string_view all = output.text();
      const std::size_t length = std::min<std::size_t>(all.size(), kvm::kMaxTailBytes);
      sink({.payload = number, .stream = stream, .text = all.substr(all.size() - length)});
    }
  };
  for (const auto& [number, payload] : payloads_) {
    tell(number, kvm::PayloadStream::kStdout, payload->out());
    tell(number, kvm::PayloadStream::kStderr, payload->err());
  }
}

} // namespace schedrig::agent
