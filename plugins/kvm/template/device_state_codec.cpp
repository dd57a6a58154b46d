// SPDX-License-Identifier: MIT
// Devices and virtqueues.
#include <schedrig/ring.h>

#include "template/state_codec.hpp"
#include "template/struct_codec.hpp"

namespace schedrig::kvm {
namespace {

// More than a driver can make the console owe it (virtio_console.cpp), and longer than any.
constexpr std::uint32_t kMaxControlMessages = 256;
constexpr std::size_t kMaxControlMessageBytes = 256;
constexpr std::size_t kMaxFailureBytes = 4096;

void put_bool(ByteWriter& out, bool value) {
  out.put(static_cast<std::uint8_t>(value));
}
bool get_bool(ByteReader& in) {
  return in.get<std::uint8_t>() != 0;
}

void put_queue(ByteWriter& out, const VirtqueueState& queue) {
  out.put(queue.size);
  out.put(queue.vector);
  put_bool(out, queue.enabled);
  out.put(queue.descriptors);
  out.put(queue.available);
  out.put(queue.used);
  out.put(queue.next_available);
  out.put(queue.next_used);
}

VirtqueueState get_queue(ByteReader& in) {
  VirtqueueState queue;
  queue.size = in.get<std::uint16_t>();
  queue.vector = in.get<std::uint16_t>();
  queue.enabled = get_bool(in);
  queue.descriptors = in.get<std::uint64_t>();
  queue.available = in.get<std::uint64_t>();
  queue.used = in.get<std::uint64_t>();
  queue.next_available = in.get<std::uint16_t>();
  queue.next_used = in.get<std::uint16_t>();
  return queue;
}

void put_virtio(ByteWriter& out, const VirtioPciState& state) {
  put_struct(out, state.config);
  out.put(state.device_feature_select);
  out.put(state.driver_feature_select);
  out.put(state.driver_features);
  out.put(state.config_vector);
  out.put(state.queue_select);
  out.put(state.status);
  out.put(state.interrupt_status);
  for (const VirtqueueState& queue : state.queues) {
    put_queue(out, queue);
  }
  for (const MsixEntry& entry : state.msix) {
    out.put(entry.address);
    out.put(entry.data);
    out.put(entry.control);
  }
  out.put(state.msix_pending);
  out.put(state.doorbells);
}

bool get_virtio(ByteReader& in, VirtioPciState& state) {
  if (!get_struct(in, state.config)) {
    return false;
  }
  state.device_feature_select = in.get<std::uint32_t>();
  state.driver_feature_select = in.get<std::uint32_t>();
  state.driver_features = in.get<std::uint64_t>();
  state.config_vector = in.get<std::uint16_t>();
  state.queue_select = in.get<std::uint16_t>();
  state.status = in.get<std::uint8_t>();
  state.interrupt_status = in.get<std::uint8_t>();
  for (VirtqueueState& queue : state.queues) {
    queue = get_queue(in);
  }
  for (MsixEntry& entry : state.msix) {
    entry.address = in.get<std::uint64_t>();
    entry.data = in.get<std::uint32_t>();
    entry.control = in.get<std::uint32_t>();
  }
  state.msix_pending = in.get<std::uint32_t>();
  state.doorbells = in.get<std::uint16_t>();
  return true;
}

void put_console(ByteWriter& out, const VirtioConsoleState& state) {
  out.put(static_cast<std::uint32_t>(state.control_messages.size()));
  for (const auto& message : state.control_messages) {
    put_bytes(out, message);
  }
  put_bytes(out, Bytes(state.backlog.begin(), state.backlog.end()));
  put_bool(out, state.control_open);
  out.put(state.control_opened);
}

VirtioConsoleState get_console(ByteReader& in) {
  VirtioConsoleState state;
  const std::uint32_t messages = in.count(kMaxControlMessages, sizeof(std::uint32_t));
  for (std::uint32_t i = 0; i < messages; ++i) {
    state.control_messages.push_back(get_bytes(in, kMaxControlMessageBytes));
  }
  const auto backlog = get_bytes(in, kControlBacklogBytes);
  state.backlog.assign(backlog.begin(), backlog.end());
  state.control_open = get_bool(in);
  state.control_opened = in.get<std::uint64_t>();
  return state;
}

void put_uart(ByteWriter& out, const UartState& uart) {
  out.put(uart.interrupt_enable);
  out.put(uart.fifo_control);
  out.put(uart.line_control);
  out.put(uart.modem_control);
  out.put(uart.scratch);
  out.put(uart.divisor);
  out.put(uart.loopback);
  put_bool(out, uart.loopback_full);
}

UartState get_uart(ByteReader& in) {
  UartState uart;
  uart.interrupt_enable = in.get<std::uint8_t>();
  uart.fifo_control = in.get<std::uint8_t>();
  uart.line_control = in.get<std::uint8_t>();
  uart.modem_control = in.get<std::uint8_t>();
  uart.scratch = in.get<std::uint8_t>();
  uart.divisor = in.get<std::uint16_t>();
  uart.loopback = in.get<std::uint8_t>();
  uart.loopback_full = get_bool(in);
  return uart;
}

} // namespace

Bytes encode_board_state(const BoardState& state) {
  Bytes bytes;
  ByteWriter out(bytes);
  out.put(state.i8042.output);
  put_bool(out, state.i8042.output_full);
  out.put(state.i8042.command_byte);
  put_bool(out, state.i8042.expects_command_byte);
  out.put(state.pci.address);
  out.put(state.rtc.index);
  put_struct(out, state.rtc.ram);
  put_uart(out, state.uart);
  put_virtio(out, state.virtio);
  out.text(std::string_view(state.virtio_failure).substr(0, kMaxFailureBytes));
  put_console(out, state.console);
  put_bool(out, state.ring.has_value());
  if (state.ring) {
    put_struct(out, state.ring->config);
    put_bytes(out, state.ring->memory);
  }
  return bytes;
}

Result<BoardState> decode_board_state(ByteView bytes) {
  ByteReader in(bytes);
  BoardState state;
  state.i8042.output = in.get<std::uint8_t>();
  state.i8042.output_full = get_bool(in);
  state.i8042.command_byte = in.get<std::uint8_t>();
  state.i8042.expects_command_byte = get_bool(in);
  state.pci.address = in.get<std::uint32_t>();
  state.rtc.index = in.get<std::uint8_t>();
  bool ok = get_struct(in, state.rtc.ram) && state.rtc.index < state.rtc.ram.size();
  state.uart = get_uart(in);
  ok = ok && get_virtio(in, state.virtio);
  state.virtio_failure = in.text(kMaxFailureBytes);
  state.console = get_console(in);
  if (get_bool(in)) {
    RingState& ring = state.ring.emplace();
    ok = ok && get_struct(in, ring.config);
    ring.memory = get_bytes(in, SCHEDRIG_RING_REGION_BYTES);
    ok = ok && ring.memory.size() == SCHEDRIG_RING_REGION_BYTES;
  }
  if (!ok || !in.complete()) {
    return fail(StatusCode::kBadData, "saved machine: malformed state of the devices");
  }
  return state;
}

} // namespace schedrig::kvm
