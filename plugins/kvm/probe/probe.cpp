// SPDX-License-Identifier: MIT
// The probes: a guest each, and what its behaviour means.
#include "probe.hpp"

#include <array>
#include <cstdint>
#include <optional>

#include "tiny_vm.hpp"
#include "vmm/kvm_ioctl.hpp"
#include "vmm/memory_slots.hpp"

namespace schedrig::kvm {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint16_t kPort = 0x10; // any port: the tiny VM has no devices
constexpr const char* kUseLab = "run it in the lab: `schedrig lab run CONFIG`";

// mov rax, 0x123456789abcdef0; shr rax, 32; out 0x10, eax; hlt
constexpr std::array<std::uint8_t, 17> kLongModeCode = {0x48, 0xb8, 0xf0, 0xde, 0xbc, 0x9a,
                                                        0x78, 0x56, 0x34, 0x12, 0x48, 0xc1,
                                                        0xe8, 0x20, 0xe7, 0x10, 0xf4};
constexpr std::uint32_t kLongModeResult = 0x12345678;

// The word next to the watched one, then the watched one, then the report:
//   mov eax, 1; mov [0x18004], eax; nop; mov eax, 0x600df00d; mov [0x18000], eax; nop; nop;
//   mov eax, [0x18000]; out 0x10, eax; hlt
constexpr std::array<std::uint8_t, 37> kWatchCode = {
    0xb8, 0x01, 0x00, 0x00, 0x00,             // mov eax, 1
    0x89, 0x04, 0x25, 0x04, 0x80, 0x01, 0x00, // mov [0x18004], eax
    0x90,                                     // nop
    0xb8, 0x0d, 0xf0, 0x0d, 0x60,             // mov eax, 0x600df00d
    0x89, 0x04, 0x25, 0x00, 0x80, 0x01, 0x00, // mov [0x18000], eax: the watched word
    0x90, 0x90,                               // where a hit is reported
    0x8b, 0x04, 0x25, 0x00, 0x80, 0x01, 0x00, // mov eax, [0x18000]
    0xe7, 0x10, 0xf4,                         // out 0x10, eax; hlt
};
constexpr std::uint32_t kWatchValue = 0x600df00d;
constexpr std::uint64_t kAfterWatchedWrite = kTinyCode + 25;

// mov ecx, 250000; again: dec ecx; jnz again; out 0x10, eax; hlt: half a million instructions
constexpr std::array<std::uint8_t, 12> kLoopCode = {0xb9, 0x90, 0xd0, 0x03, 0x00, 0xff,
                                                    0xc9, 0x75, 0xfc, 0xe7, 0x10, 0xf4};
constexpr std::int64_t kLoopInstructions = 500000;
// A CPU needs well under 1 ns an instruction, a CPU emulated in software some 10 ns, a software KVM
// some 600 ns: a kernel boots in 10^9 instructions, so beyond this it is no use waiting for it.
constexpr std::int64_t kSlowestUsefulNs = 250;

ProbeReport passed(std::string name, std::string observed) {
  return {.ok = true,
          .needed = true,
          .name = std::move(name),
          .observed = std::move(observed),
          .consequence = {},
          .remedy = {}};
}

ProbeReport failed(std::string name, std::string observed, std::string consequence,
                   std::string remedy) {
  return {.ok = false,
          .needed = true,
          .name = std::move(name),
          .observed = std::move(observed),
          .consequence = std::move(consequence),
          .remedy = std::move(remedy)};
}

std::string hex32(std::uint32_t value) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text = "0x";
  for (int shift = 28; shift >= 0; shift -= 4) {
    text += kDigits[value >> static_cast<unsigned>(shift) & 0xfU];
  }
  return text;
}

std::string exit_name(const kvm_run& run) {
  switch (run.exit_reason) {
  case KVM_EXIT_IO:
    return "KVM_EXIT_IO";
  case KVM_EXIT_DEBUG:
    return "KVM_EXIT_DEBUG";
  case KVM_EXIT_HLT:
    return "KVM_EXIT_HLT";
  case KVM_EXIT_SHUTDOWN:
    return "KVM_EXIT_SHUTDOWN";
  case KVM_EXIT_FAIL_ENTRY:
    return "KVM_EXIT_FAIL_ENTRY";
  case KVM_EXIT_INTERNAL_ERROR:
    return "KVM_EXIT_INTERNAL_ERROR";
  default:
    return "exit " + std::to_string(run.exit_reason);
  }
}

// Empty when the guest wrote the word, was stopped at once, and the hit names slot 0.
Result<std::string> watch_failure(const std::string& device) {
  TinyVm vm = TRY(TinyVm::create(device, kWatchCode));
  TRY(vm.watch(kTinyData));
  TRY(vm.run(Clock::now() + kProbeDeadline));
  if (const auto value = vm.out_value(kPort); value == kWatchValue) {
    return std::string("ioctl accepted, guest wrote the word and ran to its end, no "
                       "KVM_EXIT_DEBUG");
  }
  if (vm.exit().exit_reason != KVM_EXIT_DEBUG) {
    return "ioctl accepted, then " + exit_name(vm.exit()) + " instead of KVM_EXIT_DEBUG";
  }
  const auto& debug = vm.exit().debug.arch;
  if ((debug.dr6 & 1U) == 0 || debug.pc != kAfterWatchedWrite ||
      TRY(vm.read32(kTinyData)) != kWatchValue) {
    return "KVM_EXIT_DEBUG, but not for the write: dr6 " +
           hex32(static_cast<std::uint32_t>(debug.dr6)) + ", pc " +
           hex32(static_cast<std::uint32_t>(debug.pc));
  }
  return std::string();
}

} // namespace

ProbeReport probe_device(const std::string& device) {
  const char* name = "/dev/kvm";
  if (const auto fd = open_kvm(device.c_str()); !fd) {
    return failed(name, fd.error().message, "the kvm backend cannot run here",
                  fd.error().help.empty() ? kUseLab : fd.error().help);
  }
  return passed(name, device + " opens, API version 12");
}

ProbeReport probe_long_mode(const std::string& device) {
  const char* name = "64-bit guest";
  const auto run = [&]() -> Result<std::string> {
    TinyVm vm = TRY(TinyVm::create(device, kLongModeCode));
    TRY(vm.run(Clock::now() + kProbeDeadline));
    const auto value = vm.out_value(kPort);
    if (!value) {
      return exit_name(vm.exit()) + " instead of the guest's answer";
    }
    return *value == kLongModeResult ? std::string() : "guest answered " + hex32(*value);
  };
  const auto failure = run();
  if (!failure || !failure->empty()) {
    return failed(name, failure ? *failure : failure.error().message,
                  "the kvm backend cannot run here", kUseLab);
  }
  return passed(name, "a guest computed " + hex32(kLongModeResult) + " in 64-bit mode");
}

ProbeReport probe_speed(const std::string& device) {
  const char* name = "guest speed";
  std::int64_t elapsed = 0;
  const auto run = [&]() -> Result<std::string> {
    TinyVm vm = TRY(TinyVm::create(device, kLoopCode));
    const auto start = Clock::now();
    TRY(vm.run(start + kProbeDeadline));
    elapsed = std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start).count();
    return vm.out_value(kPort) ? std::string() : exit_name(vm.exit());
  };
  const auto failure = run();
  const char* consequence = "a stock kernel would need many minutes to boot";
  if (!failure || !failure->empty()) {
    return failed(name, failure ? *failure : failure.error().message, consequence, kUseLab);
  }
  const std::int64_t each = elapsed / kLoopInstructions;
  const std::string observed = std::to_string(kLoopInstructions) + " guest instructions took " +
                               std::to_string(elapsed / 1000) + " us (" + std::to_string(each) +
                               " ns each)";
  return each > kSlowestUsefulNs ? failed(name, observed, consequence, kUseLab)
                                 : passed(name, observed);
}

ProbeReport probe_data_watchpoint(const std::string& device) {
  const char* name = "data watchpoint";
  const auto failure = watch_failure(device);
  if (!failure || !failure->empty()) {
    return failed(name, failure ? *failure : failure.error().message,
                  "watches and the freeze at the moment of a scheduler's error are not available",
                  kUseLab);
  }
  return passed(name, "a guest's write to a watched 4-byte word gave KVM_EXIT_DEBUG, slot 0");
}

ProbeReport probe_memory_cache(const std::string& device) {
  const char* name = "noncoherent memory";
  const char* consequence = "memory regions with cache = \"noncoherent\" are coherent";
  const char* remedy = "Linux 6.16 or newer on a CPU with self-snoop, or an AMD CPU";
  const auto outcome = [&]() -> Result<CacheResult> {
    constexpr std::uint64_t kBytes = 1U << 20U; // any: no guest runs in it
    const GuestMemory memory = TRY(GuestMemory::create(kBytes, true));
    const UniqueFd kvm = TRY(open_kvm(device.c_str()));
    const UniqueFd vm(TRY(SCHEDRIG_KVM(kvm.get(), KVM_CREATE_VM)));
    const MemoryRegion region{
        .name = "probe", .bytes = kBytes, .cache = MemoryCache::kNoncoherent, .required = 0};
    return TRY(set_memory_slots(kvm.get(), vm.get(), memory, std::span(&region, 1))).front().result;
  }();
  auto report = outcome && satisfied(*outcome)
                    ? passed(name, to_string(*outcome))
                    : failed(name, outcome ? to_string(*outcome) : outcome.error().message,
                             consequence, remedy);
  report.needed = false;
  return report;
}

std::vector<ProbeReport> run_probes(const std::string& device) {
  std::vector<ProbeReport> reports{probe_device(device)};
  if (!reports.back().ok) {
    return reports;
  }
  reports.push_back(probe_long_mode(device));
  if (!reports.back().ok) {
    return reports;
  }
  reports.push_back(probe_speed(device));
  reports.push_back(probe_data_watchpoint(device));
  reports.push_back(probe_memory_cache(device));
  return reports;
}

} // namespace schedrig::kvm
