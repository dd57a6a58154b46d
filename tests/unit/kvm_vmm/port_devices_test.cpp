// SPDX-License-Identifier: MIT
// Devices behind I/O ports: PCI host bridge, 16550, 8042, CMOS clock, ACPI power registers.
#include <string>

#include <gtest/gtest.h>

#include "vmm/device/i8042.hpp"
#include "vmm/device/pci.hpp"
#include "vmm/device/power.hpp"
#include "vmm/device/rtc.hpp"
#include "vmm/device/uart_16550.hpp"

namespace schedrig::kvm {
namespace {

class RecordingPower final : public PowerSink {
 public:
  void power_request(PowerRequest request, const char* how) noexcept override {
    log += std::string(request == PowerRequest::kReset ? "reset" : "off") + " by " + how + ";";
  }
  std::string log;
};

TEST(PciHost, only_the_bridge_answers_on_an_empty_bus) {
  PciHost host({});
  host.pio_write(0, 4, 0x80000000);
  EXPECT_EQ(host.pio_read(0, 4), 0x80000000U);
  EXPECT_EQ(host.pio_read(4, 4), 0x00081b36U);
  EXPECT_EQ(host.pio_read(6, 2), 0x0008U);
  host.pio_write(0, 4, 0x80000008);
  EXPECT_EQ(host.pio_read(7, 1), 0x06U) << "class: bridge";
  for (const std::uint32_t address : {0x80000800U, 0x80000100U, 0x80010000U, 0x00000000U}) {
    host.pio_write(0, 4, address);
    EXPECT_EQ(host.pio_read(4, 4), kNoDevice) << address;
  }
}

// The kernel reads there to find out whether a device has extended registers.
TEST(PciHost, an_address_with_reserved_bits_set_shows_no_register_a_second_time) {
  PciHost host({});
  for (const std::uint32_t address : {0x81000000U, 0x8f000000U, 0xc0000000U}) {
    host.pio_write(0, 4, address);
    EXPECT_EQ(host.pio_read(4, 4), kNoDevice) << address;
  }
}

TEST(PciHost, accesses_across_the_data_register_are_not_answered) {
  PciHost host({});
  host.pio_write(0, 4, 0x800000fc);
  EXPECT_EQ(host.pio_read(5, 4), kNoDevice);
  EXPECT_EQ(host.pio_read(7, 2), kNoDevice);
  host.pio_write(7, 4, 0xffffffff);
  host.pio_write(0, 2, 0x1234); // the address register takes 32-bit writes only
  EXPECT_EQ(host.pio_read(0, 4), 0x800000fcU);
}

TEST(Uart16550, what_is_transmitted_comes_out_and_the_line_is_always_idle) {
  std::string out;
  Uart16550 uart([&](std::uint8_t byte) { out.push_back(static_cast<char>(byte)); });
  for (const char c : std::string("panic")) {
    EXPECT_EQ(uart.pio_read(5, 1), 0x60U);
    uart.pio_write(0, 1, static_cast<std::uint8_t>(c));
  }
  EXPECT_EQ(out, "panic");
}

TEST(Uart16550, the_divisor_latch_hides_the_transmitter) {
  std::string out;
  Uart16550 uart([&](std::uint8_t byte) { out.push_back(static_cast<char>(byte)); });
  uart.pio_write(3, 1, 0x83);
  uart.pio_write(0, 1, 0x0c);
  uart.pio_write(1, 1, 0x01);
  EXPECT_EQ(uart.pio_read(0, 1), 0x0cU);
  EXPECT_EQ(uart.pio_read(1, 1), 0x01U);
  uart.pio_write(3, 1, 0x03);
  EXPECT_EQ(uart.pio_read(1, 1), 0U);
  EXPECT_EQ(out, "");
}

TEST(Uart16550, the_loopback_that_drivers_probe_with_works) {
  std::string out;
  Uart16550 uart([&](std::uint8_t byte) { out.push_back(static_cast<char>(byte)); });
  uart.pio_write(4, 1, 0x1a); // loopback, OUT2, RTS
  EXPECT_EQ(uart.pio_read(6, 1) & 0xf0U, 0x90U);
  uart.pio_write(0, 1, 'x');
  EXPECT_EQ(uart.pio_read(5, 1) & 1U, 1U);
  EXPECT_EQ(uart.pio_read(0, 1), std::uint32_t{'x'});
  EXPECT_EQ(uart.pio_read(5, 1) & 1U, 0U);
  EXPECT_EQ(out, "");
}

TEST(I8042, its_status_never_makes_a_kernel_wait) {
  RecordingPower power;
  I8042 controller(power);
  EXPECT_EQ(controller.pio_read(4, 1), 0U);
  controller.pio_write(4, 1, 0xaa);
  EXPECT_EQ(controller.pio_read(4, 1), 1U);
  EXPECT_EQ(controller.pio_read(0, 1), 0x55U);
  EXPECT_EQ(controller.pio_read(4, 1), 0U);
  controller.pio_write(4, 1, 0x60);
  controller.pio_write(0, 1, 0x47);
  controller.pio_write(4, 1, 0x20);
  EXPECT_EQ(controller.pio_read(0, 1), 0x47U);
  EXPECT_EQ(power.log, "");
  controller.pio_write(4, 1, 0xfe);
  EXPECT_EQ(power.log, "reset by i8042 reset pulse;");
}

TEST(Rtc, the_clock_reads_as_binary_coded_utc_without_an_update_in_progress) {
  Rtc rtc([] { return std::time_t{1718454896}; }); // 2024-06-15 12:34:56, a Saturday
  const auto at = [&](std::uint32_t index) {
    rtc.pio_write(0, 1, index);
    return rtc.pio_read(1, 1);
  };
  EXPECT_EQ(at(0x00), 0x56U);
  EXPECT_EQ(at(0x02), 0x34U);
  EXPECT_EQ(at(0x04), 0x12U);
  EXPECT_EQ(at(0x06), 0x07U);
  EXPECT_EQ(at(0x07), 0x15U);
  EXPECT_EQ(at(0x08), 0x06U);
  EXPECT_EQ(at(0x09), 0x24U);
  EXPECT_EQ(at(0x32), 0x20U);
  EXPECT_EQ(at(0x0a) & 0x80U, 0U);
  EXPECT_EQ(at(0x8d), 0x80U) << "bit 7 of the index is the NMI mask";
}

TEST(PowerDevice, only_the_documented_writes_do_something) {
  RecordingPower power;
  PowerDevice device(power);
  device.pio_write(0, 1, 5U << 2U);            // no SLP_EN
  device.pio_write(0, 1, 3U << 2U | 1U << 5U); // another sleep state
  device.pio_write(2, 1, 0);                   // not the reset value
  device.pio_write(1, 1, 0xff);                // sleep status
  EXPECT_EQ(power.log, "");
  device.pio_write(0, 1, 5U << 2U | 1U << 5U);
  device.pio_write(2, 1, 1);
  EXPECT_EQ(power.log, "off by acpi sleep control register;reset by acpi reset register;");
}

} // namespace
} // namespace schedrig::kvm
