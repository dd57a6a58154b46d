// SPDX-License-Identifier: MIT
// MachineKernel: the machine's memory and the kernel in it, as facets. Part of MockMachine. Thread:
// the host's.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>

#include <schedrig/bpf_maps.hpp>
#include <schedrig/guest_memory.hpp>
#include <schedrig/kernel_image.hpp>
#include <schedrig/params.hpp>
#include <schedrig/vcpus.hpp>

#include "plugins/mock/kernel/guest_kernel.hpp"

namespace schedrig::mock {

// Final, which a declaration cannot say. NOLINTNEXTLINE(cppcoreguidelines-virtual-class-destructor)
class MockMachine;

// What [backend.mock] may hold of the kernel.
[[nodiscard]] std::span<const ParamSpec> kernel_params() noexcept;
[[nodiscard]] KernelOptions kernel_options(ParamsView params) noexcept;

class MachineKernel final : public MemoryFacet,
                            public KernelFacet,
                            public VcpusFacet,
                            public BpfMapsFacet {
 public:
  MachineKernel(MockMachine& machine, GuestKernel kernel)
      : machine_(machine), kernel_(std::move(kernel)) {}

  [[nodiscard]] const GuestKernel& state() const { return kernel_; }
  void restore(const GuestKernel& from);
  // What the machine does from here on is not in its memory yet.
  void outdate() { kernel_.outdate(); }
  // All of it is, until the next outdate().
  Result<> update();

  // The attached scheduler is about to be detached: what is pinned of its maps keeps its last
  // values. One that exits leaves those of the last look at the memory.
  Result<> keep_pinned_maps();

  void ranges(MemoryRangeSink& sink) noexcept override;
  Status access(std::span<const MemoryAccess> accesses, std::uint32_t* failed) noexcept override;
  Status vmlinux(BtfEncoder& encoder, BytesSink& sink) noexcept override;
  std::uint32_t count() noexcept override;
  Status registers(std::uint32_t vcpu, VcpuRegisters* out) noexcept override;
  // machine_maps.cpp
  Status pin(std::string_view name, std::string_view path) noexcept override;
  Status unpin_all() noexcept override;

 private:
  [[nodiscard]] Status check(std::span<const MemoryAccess> accesses, std::uint32_t* failed) const;

  MockMachine& machine_;
  GuestKernel kernel_;
  BtfEncoder* encoder_ = nullptr;                          // of whom has asked for the image
  std::map<std::string, std::string, std::less<>> pinned_; // names of maps by path
};

} // namespace schedrig::mock
