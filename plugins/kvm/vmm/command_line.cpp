// SPDX-License-Identifier: MIT
// The kernel command line that every guest is booted with.
#include <algorithm>
#include <array>

#include "vm.hpp"

namespace schedrig::kvm {
namespace {

struct Flag {
  const char* text;
  const char* reason;
};

// KASLR stays on unless the user switches it off: the kernel under test is the distribution's, as
// it runs elsewhere.
constexpr std::array kFlags = {
    Flag{"console=hvc0", "the virtio console takes a line per exit, a serial port a byte"},
    // 5: up to warnings. "quiet" is 4, and a WARN is a warning.
    Flag{"loglevel=5", "hundreds of boot lines cost time and hide the ones that matter"},
    // After the level: the kernel replays its log to this console at the level known by then.
    Flag{"earlycon=uart8250,io,0x3f8", "a panic before virtio is up would otherwise be silent"},
    Flag{"panic=-1", "a panic resets at once: the VMM sees it, nobody waits for a timeout"},
    // arch/x86/kernel/reboot.c prefers EFI on hardware-reduced ACPI even where there is no EFI, and
    // ends up in real mode at a BIOS that does not exist.
    Flag{"reboot=a", "reset through the ACPI register: one exit"},
    // arch/x86/kernel/early-quirks.c, aperture_64.c. What is there is found by the later scan of
    // bus 0, the only one of the host bridge's _CRS.
    Flag{"pci=noearly", "scans for chipsets that are never here: 100 exits, on old AMD CPUs 240"},
    Flag{"8250.nr_uarts=0", "no driver on the early console's port: it probes up to 32 of them"},
    Flag{"tsc=reliable", "no watchdog compares the TSC: vCPUs that were descheduled look skewed"},
    Flag{"nmi_watchdog=0", "needs a performance counter that a guest may not have"},
};

} // namespace

std::string kernel_command_line(std::string_view extra, bool kaslr) {
  std::string line;
  for (const Flag& flag : kFlags) {
    line += line.empty() ? "" : " ";
    line += flag.text;
  }
  if (!kaslr) {
    line += " nokaslr";
  }
  if (!extra.empty()) {
    line += " ";
    line += extra;
  }
  return line;
}

bool says_nokaslr(std::string_view command_line) {
  constexpr std::string_view kWord = "nokaslr";
  while (!command_line.empty()) {
    const std::size_t end = std::min(command_line.find(' '), command_line.size());
    if (command_line.substr(0, end) == kWord) {
      return true;
    }
    command_line.remove_prefix(std::min(end + 1, command_line.size()));
  }
  return false;
}

} // namespace schedrig::kvm
