// SPDX-License-Identifier: MIT
// The kernel command line that every guest is booted with.
#include <array>

#include "vm.hpp"

namespace schedrig::kvm {
namespace {

struct Flag {
  const char* text;
  const char* reason;
};

// KASLR stays on: the kernel under test is the distribution's, as it runs elsewhere.
constexpr std::array kFlags = {
    Flag{"console=hvc0", "the virtio console takes a line per exit, a serial port a byte"},
    Flag{"quiet", "thousands of boot lines cost time and hide the ones that matter"},
    // After "quiet": the kernel replays its log to this console at the level known by then.
    Flag{"earlycon=uart8250,io,0x3f8", "a panic before virtio is up would otherwise be silent"},
    Flag{"panic=-1", "a panic resets at once: the VMM sees it, nobody waits for a timeout"},
    // arch/x86/kernel/reboot.c prefers EFI on hardware-reduced ACPI even where there is no EFI, and
    // ends up in real mode at a BIOS that does not exist.
    Flag{"reboot=a", "reset through the ACPI register: one exit"},
    Flag{"8250.nr_uarts=0", "no driver on the early console's port: it probes up to 32 of them"},
    Flag{"tsc=reliable", "no watchdog compares the TSC: vCPUs that were descheduled look skewed"},
    Flag{"nmi_watchdog=0", "needs a performance counter that a guest may not have"},
};

} // namespace

std::string kernel_command_line(std::string_view extra) {
  std::string line;
  for (const Flag& flag : kFlags) {
    line += line.empty() ? "" : " ";
    line += flag.text;
  }
  if (!extra.empty()) {
    line += " ";
    line += extra;
  }
  return line;
}

} // namespace schedrig::kvm
