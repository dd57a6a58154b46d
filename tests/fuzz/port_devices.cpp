// SPDX-License-Identifier: MIT
// Devices behind I/O ports, by accesses of seven bytes: device, port, width and direction, value.
#include <array>

#include "tests/fuzz/byte_reader.hpp"
#include "tests/fuzz/target.hpp"
#include "vmm/device/i8042.hpp"
#include "vmm/device/pci.hpp"
#include "vmm/device/power.hpp"
#include "vmm/device/rtc.hpp"
#include "vmm/device/uart_16550.hpp"

namespace schedrig::kvm {
namespace {

constexpr std::uint16_t kLineStatus = 5;
constexpr std::uint32_t kTransmitterIdle = 0x60;
constexpr std::uint16_t kKeyboardStatus = 4;
constexpr std::uint32_t kInputBufferFull = 2;

class CountingPower final : public PowerSink {
 public:
  void power_request(PowerRequest /*request*/, const char* how) noexcept override {
    fuzz::require(how != nullptr, "a request says how it was made");
  }
};

} // namespace
} // namespace schedrig::kvm

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace schedrig;
  using namespace schedrig::kvm;
  fuzz::ByteReader input(data, size);
  CountingPower sink;
  std::size_t writes = 0;
  std::size_t transmitted = 0;
  Uart16550 uart([&](std::uint8_t) { ++transmitted; });
  I8042 keyboard(sink);
  Rtc clock([] { return std::time_t{1718454896}; });
  PowerDevice power(sink);
  PciHost bus({});
  const std::array<PioDevice*, 5> devices = {&uart, &keyboard, &clock, &power, &bus};
  while (!input.empty()) {
    PioDevice& device = *devices[input.take<std::uint8_t>() % devices.size()];
    const std::uint16_t port = input.take<std::uint8_t>() % 8U;
    const auto how = input.take<std::uint8_t>();
    const std::uint32_t bytes = 1U << (how % 3U);
    const auto value = input.take<std::uint32_t>();
    if ((how & 0x80U) != 0) {
      device.pio_write(port, bytes, value);
      ++writes;
    } else {
      (void)device.pio_read(port, bytes);
    }
    fuzz::require(transmitted <= writes, "the serial port says what was written");
    fuzz::require((uart.pio_read(kLineStatus, 1) & kTransmitterIdle) == kTransmitterIdle,
                  "nobody waits for the serial port");
    fuzz::require((keyboard.pio_read(kKeyboardStatus, 1) & kInputBufferFull) == 0,
                  "nobody waits for the keyboard controller");
  }
  return 0;
}
