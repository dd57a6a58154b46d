// SPDX-License-Identifier: MIT
// The kernel in a mock machine's memory, as the host's view of kernels sees it. Thread: one.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include <gtest/gtest.h>

#include <schedrig/freeze.hpp>

#include "host/kernel/btf_encode.hpp"
#include "host/kernel_view/kernel_snapshot.hpp"
#include "host/kernel_view/task_field.hpp"
#include "tests/unit/mock/machine_fixture.hpp"

namespace schedrig::mock::test {

// A machine's memory that counts its reads.
class CountedMemory final : public MemoryFacet {
 public:
  explicit CountedMemory(MemoryFacet& memory) : memory_(memory) {}

  void ranges(MemoryRangeSink& sink) noexcept override { memory_.ranges(sink); }
  Status access(std::span<const MemoryAccess> accesses, std::uint32_t* failed) noexcept override {
    reads += accesses.size();
    return memory_.access(accesses, failed);
  }

  template <class T> [[nodiscard]] T get(std::uint64_t address) {
    T value{};
    one({.address = address,
         .into = {reinterpret_cast<std::uint8_t*>(&value), sizeof value},
         .from = {}});
    return value;
  }
  template <class T> void put(std::uint64_t address, const T& value) {
    one({.kind = MemoryAccessKind::kWrite,
         .address = address,
         .into = {},
         .from = {reinterpret_cast<const std::uint8_t*>(&value), sizeof value}});
  }

  std::uint64_t reads = 0;

 private:
  void one(const MemoryAccess& access) {
    std::uint32_t failed = 0;
    const Status status = memory_.access({&access, 1}, &failed);
    EXPECT_TRUE(status.ok()) << status.message;
  }

  MemoryFacet& memory_;
};

inline kernel_view::ImageFacts facts_of(KernelFacet& kernel, BtfEncoder& encoder) {
  struct Collect final : BytesSink {
    void on_bytes(std::span<const std::uint8_t> bytes) noexcept override {
      const auto view = std::as_bytes(bytes);
      all.assign(view.begin(), view.end());
    }
    kernel::Bytes all;
  } vmlinux;
  const Status status = kernel.vmlinux(encoder, vmlinux);
  EXPECT_TRUE(status.ok()) << status.message;
  return kernel_view::read_vmlinux_facts(vmlinux.all).value();
}

// What a machine and its kernel are, by name.
class SeenKernel {
 public:
  explicit SeenKernel(TestMachine& machine)
      : memory(*query<MemoryFacet>(machine.machine())),
        facts(facts_of(*query<KernelFacet>(machine.machine()), encoder)), machine_(machine) {}

  [[nodiscard]] kernel_view::KernelView view() {
    return kernel_view::KernelView::open(facts, kernel_view::GuestRam(memory)).value();
  }
  [[nodiscard]] std::uint64_t symbol(const std::string& name) {
    return view().symbol({name}, 8).value().front().start;
  }
  [[nodiscard]] std::uint64_t queue(const std::string& field, std::uint32_t cpu,
                                    std::uint64_t bytes) {
    return view().per_cpu({"runqueues", field, cpu, ""}, bytes).value().front().start;
  }
  [[nodiscard]] std::uint64_t jiffies() { return memory.get<std::uint64_t>(symbol("jiffies_64")); }
  [[nodiscard]] std::uint32_t nr_running(std::uint32_t cpu) {
    return memory.get<std::uint32_t>(queue("nr_running", cpu, 4));
  }
  [[nodiscard]] kernel_view::KernelSnapshot snapshot() {
    FreezeFacet& freezer = *query<FreezeFacet>(machine_.machine());
    EXPECT_TRUE(freezer.freeze(1'000'000'000).ok());
    auto taken = kernel_view::read_snapshot(view(), query<VcpusFacet>(machine_.machine()));
    std::int64_t frozen_ns = 0;
    EXPECT_TRUE(freezer.thaw(&frozen_ns).ok());
    return taken;
  }

  kernel::LibbpfEncoder encoder;
  CountedMemory memory;
  kernel_view::ImageFacts facts;

 private:
  TestMachine& machine_;
};

} // namespace schedrig::mock::test
