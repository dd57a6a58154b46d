// SPDX-License-Identifier: MIT
// Board: the machine's devices, wired to ports and addresses, and the thread that serves them.
//
// vCPU threads call pio and mmio; the device thread works off virtqueues and delivers everything
// to the sink. One lock guards all device state; it is never held while the sink is called.
// Errors on the host's side end the guest (VmEndKind::kHostError). Ownership: devices and thread.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <vector>

#include <schedrig/result.hpp>

#include "device/i8042.hpp"
#include "device/pci.hpp"
#include "device/power.hpp"
#include "device/rtc.hpp"
#include "device/uart_16550.hpp"
#include "device/virtio_console.hpp"
#include "exits.hpp"
#include "lifecycle.hpp"
#include "pci_backend.hpp"
#include "ring_backend.hpp"
#include "run_gate.hpp"
#include "state/machine_state.hpp"
#include "unique_fd.hpp"
#include "vm.hpp"

namespace schedrig::kvm {

// Started by Vm::start; phases count from there.
class PhaseClock {
 public:
  void start() noexcept {
    for (auto* phase : {&entry, &first_exit, &first_console, &control_open}) {
      phase->store(-1, std::memory_order_relaxed);
    }
    start_ = std::chrono::steady_clock::now();
  }
  // Stores the time since start, the first time only.
  void reach(std::atomic<std::int64_t>& phase) const noexcept {
    if (phase.load(std::memory_order_relaxed) < 0) {
      const auto since = std::chrono::steady_clock::now() - start_;
      phase.store(std::chrono::duration_cast<std::chrono::nanoseconds>(since).count(),
                  std::memory_order_relaxed);
    }
  }

  std::atomic<std::int64_t> entry = -1;
  std::atomic<std::int64_t> first_exit = -1;
  std::atomic<std::int64_t> first_console = -1;
  std::atomic<std::int64_t> control_open = -1;

 private:
  std::chrono::steady_clock::time_point start_;
};

class Board final : private PowerSink {
 public:
  // All references outlive the board. `stop_vcpus` returns when no vCPU runs any more (or a
  // deadline passed); it is called on the device thread once the guest is over. `ring`: with a
  // submission ring.
  Board(const GuestMemory& memory, Lifecycle& lifecycle, PhaseClock& phases, VmSink& sink,
        std::function<void()> stop_vcpus, bool ring);
  ~Board();

  [[nodiscard]] Result<> init(int vm_fd);
  [[nodiscard]] Result<> start();
  // Wakes the device thread to find out that the guest is over.
  void wake() noexcept;
  // Requires lifecycle.over(). False: the thread did not end in time.
  [[nodiscard]] bool join(std::chrono::steady_clock::time_point deadline);

  // Makes the device thread stand still, outside of callbacks. False: it did not in time, and goes
  // on. Guest memory and device state are nobody's meanwhile, but for bytes that come to be sent.
  [[nodiscard]] bool freeze(std::chrono::steady_clock::time_point deadline);
  void thaw();

  // Of a board that is frozen or has not been started. save() includes interrupts on their way.
  [[nodiscard]] Result<BoardState> save();
  [[nodiscard]] Result<> restore(const BoardState& state);

  // [vcpu thread] One access of 1, 2 or 4 bytes, read or written in place.
  ExitKind pio(std::uint32_t vcpu, std::uint16_t port, bool write, std::span<std::byte> data);
  ExitKind mmio(Gpa gpa, bool write, std::span<std::byte> data);

  // [any-thread] Of the ring; empty without one. The guest writes to it at any time.
  [[nodiscard]] std::span<std::byte> ring_memory() const noexcept { return ring_backend_.memory(); }

  [[nodiscard]] std::size_t try_send(std::span<const std::byte> bytes);
  // False at the deadline or when the guest is over; `bytes` becomes what is still unsent.
  [[nodiscard]] bool send(std::span<const std::byte>& bytes,
                          std::chrono::steady_clock::time_point deadline);

 private:
  struct PortRange {
    std::uint16_t first;
    std::uint16_t count;
    PioDevice* device;
    ExitKind kind;
  };

  void power_request(PowerRequest request, const char* how) noexcept override;
  void uart_byte(std::uint8_t byte);
  void device_loop();
  void wait_for_work();
  [[nodiscard]] std::vector<PciFunction*> functions();
  [[nodiscard]] Result<> restore_ring(const std::optional<RingState>& state);
  [[nodiscard]] bool pass(); // true: more is waiting
  void deliver(const ConsoleOutput& output, std::span<const std::byte> uart, bool open,
               std::uint64_t opened);
  void report_problems();

  Lifecycle& lifecycle_;
  PhaseClock& phases_;
  VmSink& sink_;
  std::function<void()> stop_vcpus_;

  std::mutex mutex_; // guards everything down to the blank line
  std::condition_variable room_;
  KvmPciBackend backend_;
  VirtioConsole console_;
  VirtioPci virtio_;
  KvmRingBackend ring_backend_;
  std::optional<RingPci> ring_;
  PciHost pci_;
  PowerDevice power_;
  I8042 i8042_;
  Rtc rtc_;
  Uart16550 uart_;
  std::array<PortRange, 5> ports_;
  std::vector<std::byte> uart_bytes_; // written, not yet delivered
  std::uint64_t uart_lost_ = 0;
  std::uint32_t current_vcpu_ = 0; // whose access is being served

  // Device thread only.
  std::uint64_t reported_opened_ = 0;
  bool reported_open_ = false;
  std::uint64_t reported_lost_ = 0;
  std::string reported_failure_;

  UniqueFd wake_;
  RunGate gate_; // of the device thread
  std::thread thread_;
  std::atomic<bool> finished_ = false;
};

} // namespace schedrig::kvm
