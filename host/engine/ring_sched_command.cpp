// SPDX-License-Identifier: MIT
#include "host/engine/ring_sched_command.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <utility>

#include <schedrig/request_errno.hpp>

#include "host/engine/sched_commands.hpp"

namespace schedrig::engine {
namespace {

constexpr std::size_t kFirstWord = 2; // of an entry's args
constexpr std::size_t kWords = 3;

// A command's argument where no pointer of a program leads, and the data area, which polled ports
// are copied from: the program may write to it meanwhile, so they are looked at in the copy.
class EntryMemory final : public SchedArguments {
 public:
  static constexpr std::uint64_t kArgument = 1ULL << 63U;

  EntryMemory(std::span<const std::byte> argument, std::span<std::uint8_t> data)
      : argument_(argument), data_(data) {}

  bool copy(std::uint64_t address, std::span<std::byte> into) noexcept override {
    if (!std::exchange(argument_taken_, true)) { // it comes first; later ones are a program's
      if (into.size() > argument_.size()) {
        return false;
      }
      std::ranges::copy(argument_.first(into.size()), into.begin());
      return true;
    }
    const auto from = ring_data(data_, address, into.size());
    if (from.size() != into.size()) {
      return false;
    }
    std::memcpy(into.data(), from.data(), from.size());
    return true;
  }

 private:
  std::span<const std::byte> argument_;
  std::span<std::uint8_t> data_;
  bool argument_taken_ = false;
};

// Takes the words of an entry one after the other, each as wide as its member.
class Words {
 public:
  explicit Words(const RingSubmission& entry) : words_(entry.args + kFirstWord, kWords) {}

  template <class T> T take() {
    const std::uint64_t word = words_[taken_++];
    fits_ = fits_ && word <= std::numeric_limits<T>::max();
    return static_cast<T>(word);
  }
  std::int32_t take_signed() {
    const auto word = static_cast<std::int64_t>(words_[taken_++]);
    fits_ = fits_ && word >= INT32_MIN && word <= INT32_MAX;
    return static_cast<std::int32_t>(word);
  }
  // Each fitted, and those that are left over are 0.
  [[nodiscard]] bool good() const {
    return fits_ && std::ranges::all_of(words_.subspan(taken_),
                                        [](std::uint64_t word) { return word == 0; });
  }

 private:
  std::span<const std::uint64_t> words_;
  std::size_t taken_ = 0;
  bool fits_ = true;
};

template <class T> std::vector<std::byte> bytes_of(const T& argument) {
  const auto bytes = std::as_bytes(std::span(&argument, 1));
  return {bytes.begin(), bytes.end()};
}

std::vector<std::byte> argument_of(SchedCommandNumber command, Words& words) {
  switch (command) {
  case SchedCommandNumber::kShutdown:
  case SchedCommandNumber::kShutdownCode:
    return bytes_of(ShutdownArgument{.reason = words.take<std::uint32_t>()});
  case SchedCommandNumber::kPoll: {
    PollArgument argument;
    argument.ports = words.take<std::uint64_t>();
    argument.nr_ports = words.take<std::uint32_t>();
    argument.timeout_ns = words.take<std::uint64_t>();
    return bytes_of(argument);
  }
  case SchedCommandNumber::kRemoteShutdown: {
    RemoteShutdownArgument argument;
    argument.domain = words.take<std::uint16_t>();
    argument.reason = words.take<std::uint32_t>();
    return bytes_of(argument);
  }
  case SchedCommandNumber::kWatchdog: {
    WatchdogArgument argument;
    argument.id = words.take<std::uint32_t>();
    argument.timeout_s = words.take<std::uint32_t>();
    return bytes_of(argument);
  }
  case SchedCommandNumber::kPinOverride:
    return bytes_of(PinOverrideArgument{.pcpu = words.take_signed()});
  case SchedCommandNumber::kYield:
  case SchedCommandNumber::kBlock:
    break;
  }
  return {};
}

} // namespace

RingResult carry_out_sched_command(Session& session, const RingSubmission& entry,
                                   std::span<std::uint8_t> data) {
  SchedCommands* commands = session.commands();
  if (commands == nullptr) {
    return RingResult::error(EOPNOTSUPP);
  }
  if (session.commands_paused()) {
    return RingResult::error(EBUSY); // its vCPUs are needed to take the step apart
  }
  if (entry.args[0] > static_cast<std::uint64_t>(SchedCommandNumber::kPinOverride)) {
    return RingResult::error(ENOSYS);
  }
  const auto command = static_cast<SchedCommandNumber>(entry.args[0]);
  Words words(entry);
  const std::vector<std::byte> argument = argument_of(command, words);
  if (!words.good() || entry.args[1] >= commands->vcpus()) {
    return RingResult::error(EINVAL);
  }
  EntryMemory memory(argument, data);
  const auto outcome = commands->carry_out(
      {.vcpu = static_cast<std::uint32_t>(entry.args[1]),
       .now_ns = session.now_ns(),
       .program = ProgramCall{.user_data = entry.user_data, .flags = entry.flags}},
      command, memory, EntryMemory::kArgument);
  if (!outcome) {
    return RingResult::error(request_errno(outcome.error().code, outcome.error().os_errno));
  }
  if (outcome->waits) {
    return RingResult::later();
  }
  return {.value = outcome->value, .failed = outcome->value < 0};
}

void complete_sched_commands(Session& session) {
  SchedCommands* commands = session.commands();
  RingServer* ring = session.ring();
  if (commands == nullptr || ring == nullptr) {
    return;
  }
  for (const ProgramReply& reply : commands->take_replies()) {
    ring->complete_pending(reply.call.user_data, reply.call.flags, {.value = reply.value});
  }
}

} // namespace schedrig::engine
