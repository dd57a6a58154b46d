// SPDX-License-Identifier: MIT
#include "state_difference.hpp"

#include <cstdio>
#include <cstring>
#include <type_traits>

#include "template/state_codec.hpp"

namespace schedrig::kvm::test {
namespace {

std::string hex(std::uint64_t value) {
  char text[20];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
  return text;
}

class Parts {
 public:
  template <class T> void compare(const std::string& name, const T& a, const T& b) {
    static_assert(std::is_trivially_copyable_v<T>);
    note(name, std::memcmp(&a, &b, sizeof a) == 0);
  }
  // A register each 16 bytes, of 4 that count (Intel SDM vol. 3, 11.4.1).
  void compare_lapics(const std::string& name, const kvm_lapic_state& a, const kvm_lapic_state& b) {
    for (std::size_t offset = 0; offset < sizeof a.regs; offset += 16) {
      note(name + " " + hex(offset), std::memcmp(a.regs + offset, b.regs + offset, 16) == 0);
    }
  }
  void compare_vcpus(const std::string& name, const VcpuState& a, const VcpuState& b) {
    note(name + ".apic_id", a.apic_id == b.apic_id);
    compare(name + ".mp_state", a.mp_state, b.mp_state);
    compare(name + ".regs", a.regs, b.regs);
    compare(name + ".sregs", a.sregs, b.sregs);
    note(name + ".xsave", a.xsave == b.xsave);
    compare(name + ".xcrs", a.xcrs, b.xcrs);
    compare(name + ".debug", a.debug, b.debug);
    compare_lapics(name + ".lapic", a.lapic, b.lapic);
    note(name + ".msrs", a.msrs.size() == b.msrs.size());
    for (std::size_t i = 0; i < a.msrs.size() && i < b.msrs.size(); ++i) {
      compare(name + ".msr " + hex(a.msrs[i].index), a.msrs[i], b.msrs[i]);
    }
    note(name + ".tsc_offset", a.tsc_offset == b.tsc_offset);
    note(name + ".tsc_deadline", a.tsc_deadline == b.tsc_deadline);
    compare(name + ".events", a.events, b.events);
  }
  // KVM notes the host's time at which it loaded a counter, which is when it was set.
  void compare_pits(kvm_pit_state2 a, kvm_pit_state2 b) {
    for (std::size_t i = 0; i < std::size(a.channels); ++i) {
      note("pit.count_load_time", a.channels[i].count_load_time == b.channels[i].count_load_time);
      a.channels[i].count_load_time = b.channels[i].count_load_time = 0;
    }
    compare("pit", a, b);
  }
  void note(const std::string& name, bool equal) {
    if (!equal) {
      names.insert(name);
    }
  }

  std::set<std::string> names;
};

} // namespace

std::set<std::string> differing_parts(const MachineState& a, const MachineState& b) {
  Parts parts;
  parts.note("vcpus", a.vm.vcpus.size() == b.vm.vcpus.size());
  for (std::size_t i = 0; i < a.vm.vcpus.size() && i < b.vm.vcpus.size(); ++i) {
    parts.compare_vcpus("vcpu" + std::to_string(i), a.vm.vcpus[i], b.vm.vcpus[i]);
  }
  parts.note("tsc_khz", a.vm.tsc_khz == b.vm.tsc_khz);
  parts.note("clock.ns", a.vm.clock.ns == b.vm.clock.ns);
  parts.note("clock.host_tsc", a.vm.clock.host_tsc == b.vm.clock.host_tsc);
  parts.compare_pits(a.vm.pit, b.vm.pit);
  for (std::size_t i = 0; i < kIrqchips; ++i) {
    parts.compare("irqchip" + std::to_string(i), a.vm.irqchips[i], b.vm.irqchips[i]);
  }
  parts.note("board", encode_board_state(a.board) == encode_board_state(b.board));
  parts.note("boot", encode_boot_facts(a.boot) == encode_boot_facts(b.boot));
  return std::move(parts.names);
}

} // namespace schedrig::kvm::test
