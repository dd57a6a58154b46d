// SPDX-License-Identifier: MIT
// Device wiring, dispatch of accesses, and the device thread.
#include "board.hpp"

#include <algorithm>
#include <cstring>
#include <ctime>
#include <string>
#include <system_error>

#include <linux/kvm.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>

#include "vcpu_signal.hpp"

namespace schedrig::kvm {
namespace {

// virtio console: device 3; PCI class 0x078000, "other communication controller".
constexpr std::uint16_t kVirtioConsoleId = 3;
constexpr std::uint32_t kClassCommunication = 0x078000;
// Early console bytes that may wait for the sink; a guest that floods the port loses the rest.
constexpr std::size_t kUartBacklogBytes = 1U << 20;

constexpr std::uint32_t kDeviceThread = 0; // its number at the gate

std::time_t wall_clock() {
  return std::time(nullptr);
}

std::uint64_t load_le(std::span<const std::byte> data) {
  std::uint64_t value = 0;
  std::memcpy(&value, data.data(), std::min(data.size(), sizeof(value)));
  return value;
}

void store_le(std::span<std::byte> data, std::uint64_t value) {
  std::memcpy(data.data(), &value, std::min(data.size(), sizeof(value)));
}

} // namespace

Board::Board(const GuestMemory& memory, Lifecycle& lifecycle, PhaseClock& phases, VmSink& sink,
             std::function<void()> stop_vcpus, bool ring)
    : lifecycle_(lifecycle), phases_(phases), sink_(sink), stop_vcpus_(std::move(stop_vcpus)),
      virtio_(memory, backend_, console_, kVirtioConsoleId, kClassCommunication, kPciWindowAddress,
              kPciIoPort),
      ring_(ring ? std::make_optional<RingPci>(ring_backend_, kRingBarAddress, kRingIoPort)
                 : std::nullopt),
      pci_(functions()), power_(*this), i8042_(*this), rtc_(wall_clock),
      uart_([this](std::uint8_t byte) { uart_byte(byte); }),
      ports_{PortRange{kUartPort, 8, &uart_, ExitKind::kUart},
             PortRange{kPciConfigPort, 8, &pci_, ExitKind::kPciConfig},
             PortRange{kI8042Port, 5, &i8042_, ExitKind::kI8042},
             PortRange{kRtcPort, 2, &rtc_, ExitKind::kRtc},
             PortRange{kPowerPort, kPowerPorts, &power_, ExitKind::kPower}} {}

// The ring's comes last: the others' slots are the same with and without it.
std::vector<PciFunction*> Board::functions() {
  std::vector<PciFunction*> all{&virtio_};
  if (ring_) {
    all.push_back(&*ring_);
  }
  return all;
}

Board::~Board() {
  if (thread_.joinable()) {
    lifecycle_.stop();
    thaw();
    wake();
    thread_.join();
  }
}

Result<> Board::init(int vm_fd) {
  wake_ = UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake_) {
    return fail_errno(errno, "eventfd");
  }
  if (ring_) {
    TRY(ring_backend_.init(vm_fd));
    ring_->map();
    if (auto error = ring_backend_.take_error()) {
      return std::unexpected(*std::move(error));
    }
  }
  return backend_.init(vm_fd);
}

Result<> Board::start() {
  gate_.reset(1);
  gate_.open();
  finished_ = false;
  thread_ = TRY(start_thread("vm-devices", [this] { device_loop(); }));
  return {};
}

void Board::wake() noexcept {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(wake_.get(), &one, sizeof(one));
  room_.notify_all();
}

bool Board::join(std::chrono::steady_clock::time_point deadline) {
  if (!thread_.joinable()) {
    return true;
  }
  thaw();
  wake();
  {
    std::unique_lock lock(mutex_);
    if (!room_.wait_until(lock, deadline, [&] { return finished_.load(); })) {
      return false;
    }
  }
  thread_.join();
  return true;
}

bool Board::freeze(std::chrono::steady_clock::time_point deadline) {
  gate_.shut();
  if (gate_.wait_until_all_stand(deadline, [this](std::uint32_t) { wake(); })) {
    gate_.open();
    return false;
  }
  return true;
}

void Board::thaw() {
  gate_.open();
}

Result<BoardState> Board::save() {
  const std::lock_guard lock(mutex_);
  TRY(backend_.drain());
  std::optional<RingState> ring;
  if (ring_) {
    ring = RingState{.config = ring_->state(), .memory = ring_backend_.save()};
  }
  return BoardState{.i8042 = i8042_.state(),
                    .pci = pci_.state(),
                    .rtc = rtc_.state(),
                    .uart = uart_.state(),
                    .virtio = virtio_.state(),
                    .virtio_failure = virtio_.failure(),
                    .console = console_.state(),
                    .ring = std::move(ring)};
}

Result<> Board::restore_ring(const std::optional<RingState>& state) {
  if (state.has_value() != ring_.has_value()) {
    return fail(StatusCode::kBadData, "saved machine: one with a ring, the other without");
  }
  if (state) {
    TRY(ring_backend_.restore(state->memory));
    ring_->restore(state->config);
  }
  if (auto error = ring_backend_.take_error()) {
    return std::unexpected(*std::move(error));
  }
  return {};
}

Result<> Board::restore(const BoardState& state) {
  const std::lock_guard lock(mutex_);
  i8042_.restore(state.i8042);
  pci_.restore(state.pci);
  rtc_.restore(state.rtc);
  uart_.restore(state.uart);
  console_.restore(state.console);
  TRY(virtio_.restore(state.virtio, state.virtio_failure));
  TRY(restore_ring(state.ring));
  uart_bytes_.clear();
  uart_lost_ = reported_lost_ = 0;
  reported_failure_ = state.virtio_failure;
  reported_opened_ = state.console.control_opened;
  reported_open_ = state.console.control_open;
  if (auto error = backend_.take_error()) {
    return std::unexpected(*std::move(error));
  }
  // A doorbell may have rung that nobody has answered: the device thread looks at all queues.
  wake();
  return {};
}

ExitKind Board::pio(std::uint32_t vcpu, std::uint16_t port, bool write, std::span<std::byte> data) {
  for (const PortRange& range : ports_) {
    if (port < range.first || port - range.first >= range.count) {
      continue;
    }
    const auto offset = static_cast<std::uint16_t>(port - range.first);
    const auto bytes = static_cast<std::uint32_t>(data.size());
    const std::lock_guard lock(mutex_);
    current_vcpu_ = vcpu;
    if (write) {
      range.device->pio_write(offset, bytes, static_cast<std::uint32_t>(load_le(data)));
    } else {
      store_le(data, range.device->pio_read(offset, bytes));
    }
    return range.kind;
  }
  if (!write) {
    store_le(data, kNoDevice);
  }
  return ExitKind::kUnclaimedPort;
}

ExitKind Board::mmio(Gpa gpa, bool write, std::span<std::byte> data) {
  const auto bytes = static_cast<std::uint32_t>(data.size());
  const bool natural = bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8;
  std::uint64_t value = ~0ULL;
  bool claimed = false;
  if (natural) {
    const std::lock_guard lock(mutex_);
    claimed =
        write ? pci_.mmio_write(gpa, bytes, load_le(data)) : pci_.mmio_read(gpa, bytes, value);
  }
  if (!write) {
    store_le(data, value);
  }
  return claimed ? ExitKind::kVirtioMmio : ExitKind::kUnclaimedMmio;
}

void Board::power_request(PowerRequest request, const char* how) noexcept {
  const bool off = request == PowerRequest::kPowerOff;
  lifecycle_.end({.kind = off ? VmEndKind::kPowerOff : VmEndKind::kReset,
                  .vcpu = current_vcpu_,
                  .rip = 0,
                  .exit_reason = KVM_EXIT_IO,
                  .detail = std::string(off ? "power off by " : "reset by ") + how});
  wake();
}

void Board::uart_byte(std::uint8_t byte) {
  phases_.reach(phases_.first_console);
  if (uart_bytes_.size() >= kUartBacklogBytes) {
    ++uart_lost_;
    return;
  }
  uart_bytes_.push_back(static_cast<std::byte>(byte));
  if (uart_bytes_.size() == 1) {
    wake();
  }
}

std::size_t Board::try_send(std::span<const std::byte> bytes) {
  if (lifecycle_.over()) {
    return 0;
  }
  const std::lock_guard lock(mutex_);
  const std::size_t taken = console_.append(bytes);
  backend_.ring_doorbell(VirtioConsole::kRx1);
  return taken;
}

bool Board::send(std::span<const std::byte>& bytes,
                 std::chrono::steady_clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  while (!lifecycle_.over()) {
    bytes = bytes.subspan(console_.append(bytes));
    backend_.ring_doorbell(VirtioConsole::kRx1);
    if (bytes.empty()) {
      return true;
    }
    if (room_.wait_until(lock, deadline) == std::cv_status::timeout) {
      return false;
    }
  }
  return false;
}

void Board::device_loop() {
  while (gate_.pass(kDeviceThread) && !lifecycle_.over()) {
    wait_for_work();
    while (pass() && !lifecycle_.over() && !gate_.is_shut()) {
    }
    report_problems();
  }
  // vCPUs first: what they wrote last must still come out.
  stop_vcpus_();
  while (pass()) {
  }
  report_problems();
  if (const auto end = lifecycle_.reason(); end) {
    sink_.on_end(*end);
  }
  gate_.leave(kDeviceThread);
  const std::lock_guard lock(mutex_);
  finished_ = true;
  room_.notify_all();
}

void Board::wait_for_work() {
  std::array<pollfd, VirtioConsole::kQueues + 2> fds{};
  for (std::uint16_t queue = 0; queue < VirtioConsole::kQueues; ++queue) {
    fds[queue] = {.fd = backend_.doorbell_fd(queue), .events = POLLIN, .revents = 0};
  }
  constexpr std::size_t kRing = VirtioConsole::kQueues;
  // Without a ring it is negative, and poll() leaves it out.
  fds[kRing] = {.fd = ring_backend_.doorbell_fd(), .events = POLLIN, .revents = 0};
  fds.back() = {.fd = wake_.get(), .events = POLLIN, .revents = 0};
  // No deadline: wake() ends it, and every change of lifecycle calls wake().
  ::poll(fds.data(), fds.size(), -1);
  for (std::size_t i = 0; i < fds.size(); ++i) {
    std::uint64_t count = 0;
    if ((fds[i].revents & POLLIN) != 0 &&
        ::read(fds[i].fd, &count, sizeof(count)) == sizeof(count) && i == kRing) {
      sink_.on_ring_doorbell(count);
    }
  }
}

// Every queue on every pass: six loads, and port open, data and close keep their order.
bool Board::pass() {
  ConsoleOutput output;
  std::vector<std::byte> uart;
  bool more = false;
  bool open = false;
  std::uint64_t opened = 0;
  {
    const std::lock_guard lock(mutex_);
    for (std::uint16_t queue = VirtioConsole::kQueues; queue-- > 0;) {
      more = console_.process(virtio_, queue, output) || more;
    }
    uart.swap(uart_bytes_);
    open = console_.state().control_open;
    opened = console_.state().control_opened;
    room_.notify_all();
  }
  deliver(output, uart, open, opened);
  return more;
}

void Board::deliver(const ConsoleOutput& output, std::span<const std::byte> uart, bool open,
                    std::uint64_t opened) {
  if (!uart.empty()) {
    sink_.on_console(uart);
  }
  if (!output.console.empty()) {
    phases_.reach(phases_.first_console);
    sink_.on_console(output.console);
  }
  if (opened != reported_opened_) {
    if (reported_open_) {
      sink_.on_control_open(false);
    }
    phases_.reach(phases_.control_open);
    reported_opened_ = opened;
    reported_open_ = true;
    sink_.on_control_open(true);
  }
  if (!output.control.empty()) {
    sink_.on_control(output.control);
  }
  if (reported_open_ && !open) {
    reported_open_ = false;
    sink_.on_control_open(false);
  }
}

void Board::report_problems() {
  std::optional<Error> error;
  std::string failure;
  std::uint64_t lost = 0;
  {
    const std::lock_guard lock(mutex_);
    error = backend_.take_error();
    error = error ? error : ring_backend_.take_error();
    failure = virtio_.failure();
    lost = uart_lost_;
  }
  if (failure != reported_failure_) {
    reported_failure_ = failure;
    if (!failure.empty()) {
      sink_.on_notice("the guest broke the virtio console: " + failure);
    }
  }
  if (lost != reported_lost_) {
    sink_.on_notice(std::to_string(lost - reported_lost_) +
                    " bytes of the early console were lost: the guest wrote faster than they "
                    "were read");
    reported_lost_ = lost;
  }
  if (error) {
    lifecycle_.end({.kind = VmEndKind::kHostError, .detail = error->message});
  }
}

} // namespace schedrig::kvm
