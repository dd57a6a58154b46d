// SPDX-License-Identifier: MIT
#include "vcpu_watch.hpp"

#include <array>
#include <cstring>

#include "kvm_ioctl.hpp"

namespace schedrig::kvm {
namespace {

// DR6 (Intel SDM vol. 3B, 17.2.3). The bits of slots count only where a slot is armed.
constexpr std::uint64_t kSlotBits = 0xf;
constexpr std::uint64_t kSingleStep = 1U << 14;

constexpr std::uint64_t kPage = 4096;

} // namespace

void VcpuWatch::take_changes() {
  const std::uint64_t change = watches_.change();
  if (change == taken_) {
    return;
  }
  taken_ = change;
  kvm_guest_debug debug = watches_.debug();
  auto set = SCHEDRIG_KVM(fd_, KVM_SET_GUEST_DEBUG, &debug);
  watches_.taken(index_, set ? Result<>() : std::unexpected(std::move(set).error()));
}

Result<> VcpuWatch::on_debug_exit(const kvm_debug_exit_arch& exit) {
  const std::uint64_t hits = exit.dr6 & watches_.armed();
  for (std::uint32_t slot = 0; slot < kWatchSlots; ++slot) {
    if ((hits >> slot & 1U) != 0) {
      const WatchSpec& spec = watches_.spec(slot);
      watches_.hit(slot, [&] { return value_of(spec); }, [&] { return look(spec, exit.pc); });
    }
  }
  // With no armed slot's hit, or with one on an instruction that the guest steps over.
  if (hits == 0 || (exit.dr6 & kSingleStep) != 0) {
    return give_back(exit.dr6);
  }
  return {};
}

// KVM does not tell the guest's DR6 of an exception that it is asked to inject.
Result<> VcpuWatch::give_back(std::uint64_t dr6) const {
  kvm_debugregs registers{};
  (void)TRY(SCHEDRIG_KVM(fd_, KVM_GET_DEBUGREGS, &registers));
  registers.dr6 = dr6 & ~kSlotBits;
  (void)TRY(SCHEDRIG_KVM(fd_, KVM_SET_DEBUGREGS, &registers));
  kvm_guest_debug debug = watches_.debug();
  debug.control |= KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_INJECT_DB;
  (void)TRY(SCHEDRIG_KVM(fd_, KVM_SET_GUEST_DEBUG, &debug));
  return {};
}

std::optional<Gpa> VcpuWatch::translate(std::uint64_t linear) const {
  kvm_translation translation{};
  translation.linear_address = linear;
  if (!SCHEDRIG_KVM(fd_, KVM_TRANSLATE, &translation) || translation.valid == 0) {
    return std::nullopt;
  }
  return translation.physical_address;
}

// Does not cross a page: the address is a multiple of the length.
std::optional<std::uint64_t> VcpuWatch::value_of(const WatchSpec& spec) const {
  const auto place = translate(spec.address);
  std::array<std::byte, sizeof(std::uint64_t)> bytes{};
  if (!place || !memory_.read(*place, std::span(bytes).first(spec.bytes))) {
    return std::nullopt;
  }
  std::uint64_t value = 0;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

WatchHit VcpuWatch::look(const WatchSpec& spec, std::uint64_t pc) const {
  WatchHit found;
  found.capture.vcpu = index_;
  found.capture.pc = pc;
  found.capture.value = value_of(spec).value_or(0);
  kvm_regs regs{};
  if (SCHEDRIG_KVM(fd_, KVM_GET_REGS, &regs)) {
    found.capture.rsp = regs.rsp;
    found.capture.rbp = regs.rbp;
    found.stack = stack_from(regs.rsp);
  }
  kvm_sregs sregs{};
  if (SCHEDRIG_KVM(fd_, KVM_GET_SREGS, &sregs)) {
    found.capture.cr3 = sregs.cr3;
  }
  return found;
}

std::vector<std::uint64_t> VcpuWatch::stack_from(std::uint64_t rsp) const {
  std::vector<std::uint64_t> words;
  std::optional<Gpa> place;
  for (std::uint64_t at = rsp; words.size() < kWatchStackWords; at += sizeof(std::uint64_t)) {
    if (!place || at % kPage == 0) {
      place = translate(at);
    } else {
      place = *place + sizeof(std::uint64_t);
    }
    std::uint64_t word = 0;
    if (at % sizeof word != 0 || !place ||
        !memory_.read(*place, std::as_writable_bytes(std::span(&word, 1)))) {
      break;
    }
    words.push_back(word);
  }
  return words;
}

} // namespace schedrig::kvm
