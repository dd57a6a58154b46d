// SPDX-License-Identifier: MIT
// FakeVcpuControl: a machine's CPUs that only remember what was done to them: "stop 1", "pin 0 2".
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <schedrig/vcpu_control.hpp>

namespace schedrig::engine {

class FakeVcpuControl final : public VcpuControlFacet {
 public:
  static constexpr std::uint32_t kPhysicalCpus = 4;

  Status failure; // of every call, if it is one

  // What was done since this was last asked.
  std::vector<std::string> done() { return std::exchange(done_, {}); }

  std::uint32_t physical_cpus() noexcept override { return kPhysicalCpus; }
  Status stop(std::uint32_t vcpu, std::int64_t until_ns) noexcept override {
    return note("stop " + std::to_string(vcpu) +
                (until_ns == INT64_MAX ? "" : " until " + std::to_string(until_ns)));
  }
  Status resume(std::uint32_t vcpu) noexcept override {
    return note("resume " + std::to_string(vcpu));
  }
  Status yield(std::uint32_t vcpu) noexcept override {
    return note("yield " + std::to_string(vcpu));
  }
  Status pin(std::uint32_t vcpu, std::uint32_t physical_cpu) noexcept override {
    return note("pin " + std::to_string(vcpu) + " " + std::to_string(physical_cpu));
  }
  Status unpin(std::uint32_t vcpu) noexcept override {
    return note("unpin " + std::to_string(vcpu));
  }

 private:
  Status note(std::string what) {
    done_.push_back(std::move(what));
    return failure;
  }

  std::vector<std::string> done_;
};

} // namespace schedrig::engine
