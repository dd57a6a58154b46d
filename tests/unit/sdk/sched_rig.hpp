// SPDX-License-Identifier: MIT
// Two machines that take scheduling commands, a clock that stands where it is put, and memory that
// counts how often it is read.
#pragma once

#include <cstring>
#include <vector>

#include <schedrig/sched_op.hpp>

namespace schedrig {

class CountingMemory final : public SchedArguments {
 public:
  static constexpr std::uint64_t kBase = 0x1000;

  bool copy(std::uint64_t address, std::span<std::byte> into) noexcept override {
    ++reads;
    if (address < kBase || address - kBase > bytes.size() ||
        into.size() > bytes.size() - (address - kBase)) {
      return false;
    }
    std::memcpy(into.data(), bytes.data() + (address - kBase), into.size());
    return true;
  }
  // Puts it behind what is there. Returns where.
  template <class T> std::uint64_t put(const T& value) {
    const std::uint64_t address = kBase + bytes.size();
    const auto raw = std::as_bytes(std::span(&value, 1));
    bytes.insert(bytes.end(), raw.begin(), raw.end());
    return address;
  }

  std::vector<std::byte> bytes;
  int reads = 0;
};

// Machine 0 is the hardware domain, 1 is not; both have 2 vCPUs and 4 physical CPUs.
struct SchedRig {
  static constexpr std::uint64_t kNowNs = 5'000'000'000;

  SchedRig() {
    for (const bool hardware : {true, false}) {
      SchedMachine& machine = machines.emplace_back();
      machine.hardware = hardware;
      machine.pcpus = 4;
      machine.vcpus.resize(2);
    }
  }

  SchedOutcome call_number(std::uint32_t command, std::uint64_t argument) {
    return sched_op(machines, caller, command, memory, argument);
  }
  SchedOutcome call(SchedCommandNumber command, std::uint64_t argument) {
    return call_number(static_cast<std::uint32_t>(command), argument);
  }
  template <class T> SchedOutcome call_with(SchedCommandNumber command, const T& argument) {
    return call(command, memory.put(argument));
  }
  SchedOutcome poll(const std::vector<std::uint32_t>& ports, std::uint64_t timeout_ns = 0) {
    const std::uint64_t at = CountingMemory::kBase + memory.bytes.size();
    for (const std::uint32_t port : ports) {
      memory.put(port);
    }
    return call_with(SchedCommandNumber::kPoll,
                     PollArgument{.ports = at,
                                  .nr_ports = static_cast<std::uint32_t>(ports.size()),
                                  .timeout_ns = timeout_ns});
  }
  std::vector<SchedWake> raise(std::uint32_t vcpu, std::uint32_t port) {
    return raise_event(machines, caller.domain, vcpu, port, &error);
  }
  SchedVcpu& vcpu(std::uint32_t i = 0) { return machines[caller.domain].vcpus[i]; }
  SchedMachine& machine() { return machines[caller.domain]; }

  SchedMachines machines;
  SchedCaller caller{.domain = 1, .now_ns = kNowNs};
  CountingMemory memory;
  int error = 0;
};

} // namespace schedrig
