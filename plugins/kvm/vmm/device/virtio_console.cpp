// SPDX-License-Identifier: MIT
// The console device's queues and control messages.
#include "virtio_console.hpp"

#include <algorithm>
#include <cstring>

namespace schedrig::kvm {
namespace {

constexpr std::uint64_t kFeatureMultiport = 1U << 1;
constexpr std::uint32_t kPorts = 2;
constexpr std::uint32_t kConsolePort = 0;
constexpr std::uint32_t kControlPort = 1;

constexpr std::uint16_t kDeviceReady = 0;
constexpr std::uint16_t kPortAdd = 1;
constexpr std::uint16_t kPortReady = 3;
constexpr std::uint16_t kIsConsolePort = 4;
constexpr std::uint16_t kPortOpen = 6;
constexpr std::uint16_t kPortName = 7;

struct ControlMessage {
  std::uint32_t port;
  std::uint16_t event;
  std::uint16_t value;
};
static_assert(sizeof(ControlMessage) == 8);

// What one pass takes of a queue before the lock is given up. Chains count, too: a driver can offer
// empty ones as fast as they are given back.
constexpr std::size_t kPassBytes = 256U << 10;
constexpr std::size_t kPassChains = kMaxQueueSize / 2;
// Messages that a guest can make us owe it: it asks (ready, ready, ready, ...) without reading.
constexpr std::size_t kMaxControlMessages = 64;

} // namespace

std::uint64_t VirtioConsole::features() const noexcept {
  return kFeatureMultiport;
}

// cols u16, rows u16 (both 0: SIZE is not offered), max_nr_ports u32, emerg_wr u32.
std::uint8_t VirtioConsole::read_config(std::uint32_t offset) const noexcept {
  return offset == 4 ? static_cast<std::uint8_t>(kPorts) : 0;
}

void VirtioConsole::reset() noexcept {
  state_.control_messages.clear();
  state_.backlog.clear();
  state_.control_open = false;
}

std::size_t VirtioConsole::append(std::span<const std::byte> bytes) {
  const std::size_t room = kControlBacklogBytes - state_.backlog.size();
  const auto taken = bytes.first(std::min(room, bytes.size()));
  state_.backlog.insert(state_.backlog.end(), taken.begin(), taken.end());
  return taken.size();
}

bool VirtioConsole::process(VirtioPci& transport, std::uint16_t queue, ConsoleOutput& output) {
  switch (queue) {
  case kTx0:
    return take_output(transport, queue, output.console);
  case kTx1:
    return take_output(transport, queue, output.control);
  case kControlTx: {
    std::vector<std::byte> messages;
    const bool more = take_output(transport, queue, messages);
    // Linux sends one message per buffer, all of one size; names come from us only.
    const std::span<const std::byte> all(messages);
    for (std::size_t at = 0; at + sizeof(ControlMessage) <= all.size();
         at += sizeof(ControlMessage)) {
      handle_control(all.subspan(at, sizeof(ControlMessage)));
    }
    give_control(transport);
    return give_input(transport) || more;
  }
  case kControlRx:
    give_control(transport);
    return false;
  case kRx1:
    return give_input(transport);
  default:
    return false; // kRx0: nobody types on the console
  }
}

bool VirtioConsole::take_output(VirtioPci& transport, std::uint16_t index,
                                std::vector<std::byte>& output) {
  VirtqueueState* queue = transport.live_queue(index);
  if (queue == nullptr) {
    return false;
  }
  const std::size_t limit = output.size() + kPassBytes;
  bool more = true;
  bool used = false;
  Chain chain;
  for (std::size_t chains = 0; chains < kPassChains && output.size() < limit; ++chains) {
    const Result<bool> popped = pop(transport.memory(), *queue, chain);
    if (!popped) {
      transport.fail_device("console queue " + std::to_string(index) + ": " +
                            popped.error().message);
      return false;
    }
    if (!*popped) {
      more = false;
      break;
    }
    for (const auto buffer : chain.readable) {
      output.insert(output.end(), buffer.begin(), buffer.end());
    }
    push(transport.memory(), *queue, chain.head, 0);
    used = true;
  }
  if (used) {
    transport.interrupt(index);
  }
  return more;
}

void VirtioConsole::handle_control(std::span<const std::byte> bytes) {
  ControlMessage message{};
  std::memcpy(&message, bytes.data(), sizeof(message));
  if (message.event == kDeviceReady && message.value == 1) {
    for (std::uint32_t port = 0; port < kPorts; ++port) {
      send_control(port, kPortAdd, 1);
    }
  } else if (message.event == kPortReady && message.value == 1) {
    if (message.port == kConsolePort) {
      send_control(kConsolePort, kIsConsolePort, 1);
    } else if (message.port == kControlPort) {
      send_control(kControlPort, kPortName, 1, kControlPortName);
    }
    if (message.port < kPorts) {
      send_control(message.port, kPortOpen, 1); // our end is always connected
    }
  } else if (message.event == kPortOpen && message.port == kControlPort) {
    state_.control_open = message.value != 0;
    if (state_.control_open) {
      ++state_.control_opened;
    } else {
      state_.backlog.clear(); // it was meant for the program that closed the port
    }
  }
}

void VirtioConsole::send_control(std::uint32_t port, std::uint16_t event, std::uint16_t value,
                                 std::string_view text) {
  if (state_.control_messages.size() >= kMaxControlMessages) {
    return; // a driver that keeps asking without reading loses answers, not our memory
  }
  const ControlMessage message{port, event, value};
  const auto head = std::as_bytes(std::span(&message, 1));
  const auto tail = std::as_bytes(std::span(text));
  std::vector<std::byte> bytes(head.begin(), head.end());
  bytes.insert(bytes.end(), tail.begin(), tail.end());
  state_.control_messages.push_back(std::move(bytes));
}

void VirtioConsole::give_control(VirtioPci& transport) {
  VirtqueueState* queue = transport.live_queue(kControlRx);
  bool used = false;
  while (queue != nullptr && !state_.control_messages.empty()) {
    Chain chain;
    const Result<bool> popped = pop(transport.memory(), *queue, chain);
    if (!popped) {
      transport.fail_device("console control queue: " + popped.error().message);
      return;
    }
    if (!*popped) {
      break;
    }
    const std::vector<std::byte> message = std::move(state_.control_messages.front());
    state_.control_messages.pop_front();
    std::size_t done = 0;
    for (const auto buffer : chain.writable) {
      const std::size_t count = std::min(buffer.size(), message.size() - done);
      if (count != 0) {
        std::memcpy(buffer.data(), message.data() + done, count);
      }
      done += count;
    }
    push(transport.memory(), *queue, chain.head, static_cast<std::uint32_t>(done));
    used = true;
  }
  if (used) {
    transport.interrupt(kControlRx);
  }
}

bool VirtioConsole::give_input(VirtioPci& transport) {
  VirtqueueState* queue = transport.live_queue(kRx1);
  std::size_t chains = 0;
  while (queue != nullptr && state_.control_open && !state_.backlog.empty() &&
         chains < kPassChains) {
    Chain chain;
    const Result<bool> popped = pop(transport.memory(), *queue, chain);
    if (!popped) {
      transport.fail_device("console input queue: " + popped.error().message);
      return false;
    }
    if (!*popped) {
      break;
    }
    std::size_t done = 0;
    for (const auto buffer : chain.writable) {
      const std::size_t count = std::min(buffer.size(), state_.backlog.size());
      const auto end = state_.backlog.begin() + static_cast<std::ptrdiff_t>(count);
      std::copy(state_.backlog.begin(), end, buffer.begin());
      state_.backlog.erase(state_.backlog.begin(), end);
      done += count;
    }
    push(transport.memory(), *queue, chain.head, static_cast<std::uint32_t>(done));
    ++chains;
  }
  if (chains != 0) {
    transport.interrupt(kRx1);
  }
  return chains == kPassChains;
}

} // namespace schedrig::kvm
