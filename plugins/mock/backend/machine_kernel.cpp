// SPDX-License-Identifier: MIT
#include "plugins/mock/backend/machine_kernel.hpp"

#include <array>
#include <string>
#include <vector>

#include <schedrig/export.hpp>

#include "plugins/mock/backend/machine.hpp"
#include "plugins/mock/kernel/registers.hpp"
#include "plugins/mock/kernel/types.hpp"
#include "plugins/mock/kernel/vmlinux.hpp"

namespace schedrig::mock {
namespace {

constexpr std::array kParams = {
    ParamSpec{.type = ParamType::kBool,
              .key = "kaslr",
              .default_value = "false",
              .doc =
                  "moves the kernel and its direct map by distances drawn from the seed; off, so "
                  "that an address is the same in every run"},
    ParamSpec{.type = ParamType::kInteger,
              .key = "paging_levels",
              .default_value = "4",
              .doc = "of the kernel's page tables: 4, as on most machines, or 5",
              .minimum = 4,
              .maximum = 5},
    ParamSpec{.type = ParamType::kBool,
              .key = "ring.enabled",
              .default_value = "false",
              .doc = "true: the machine has a submission ring; most scenarios need none"},
};

std::size_t bytes_of(const MemoryAccess& access) {
  return access.kind == MemoryAccessKind::kRead ? access.into.size() : access.from.size();
}

void carry_out(Ram& ram, const MemoryAccess& access) {
  switch (access.kind) {
  case MemoryAccessKind::kRead:
    ram.read(access.address, access.into);
    return;
  case MemoryAccessKind::kWrite:
    ram.write(access.address, access.from);
    return;
  case MemoryAccessKind::kOr: {
    std::vector<std::uint8_t> bytes(access.from.size());
    ram.read(access.address, bytes);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      bytes[i] |= access.from[i];
    }
    ram.write(access.address, bytes);
    return;
  }
  }
}

class Collect final : public BytesSink {
 public:
  void on_bytes(std::span<const std::uint8_t> bytes) noexcept override {
    text.assign(bytes.begin(), bytes.end());
  }
  std::string text;
};

} // namespace

std::span<const ParamSpec> kernel_params() noexcept {
  return kParams;
}

KernelOptions kernel_options(ParamsView params) noexcept {
  return {.kaslr = param_integer(params, "kaslr", 0) != 0,
          .paging_levels = static_cast<std::uint32_t>(param_integer(params, "paging_levels", 4))};
}

void MachineKernel::restore(const GuestKernel& from) {
  kernel_ = from;
  pinned_.clear();
  encoder_ = nullptr;
  kernel_.outdate();
}

Result<> MachineKernel::update() {
  if (!kernel_.outdated()) {
    return {};
  }
  SchedulerFacts scheduler;
  const bool sched_ext = !machine_.attached_.id.empty();
  if (sched_ext) {
    scheduler = machine_.scheduler_facts();
  }
  return kernel_.update({.engine = machine_.engine_,
                         .processes = machine_.processes_,
                         .cgroups = machine_.cgroups_,
                         .scheduler = sched_ext ? &scheduler : nullptr,
                         .encoder = encoder_});
}

void MachineKernel::ranges(MemoryRangeSink& sink) noexcept {
  sink.on_range({.start = 0, .bytes = kernel_.space().ram().bytes()});
}

Status MachineKernel::check(std::span<const MemoryAccess> accesses, std::uint32_t* failed) const {
  std::uint64_t total = 0;
  for (std::uint32_t i = 0; i < accesses.size() && i < kMaxMemoryAccesses; ++i) {
    const std::uint64_t bytes = bytes_of(accesses[i]);
    total += bytes;
    if (total <= kMaxMemoryBytes &&
        (bytes == 0 || !kernel_.space().ram().contains(accesses[i].address, bytes))) {
      *failed = i;
      return Status::make(StatusCode::kInvalidArgument,
                          "guest-physical " + std::to_string(accesses[i].address) + ", " +
                              std::to_string(bytes) + " bytes: not all of it is RAM");
    }
  }
  if (accesses.size() > kMaxMemoryAccesses || total > kMaxMemoryBytes) {
    return Status::make(StatusCode::kInvalidArgument,
                        "a batch of " + std::to_string(accesses.size()) + " accesses and " +
                            std::to_string(total) + " bytes",
                        "at most " + std::to_string(kMaxMemoryAccesses) + " accesses of " +
                            std::to_string(kMaxMemoryBytes) + " bytes in all");
  }
  return {};
}

Status MachineKernel::access(std::span<const MemoryAccess> accesses,
                             std::uint32_t* failed) noexcept {
  return guard("memory access", [&]() -> Status {
    if (Status status = machine_.check_state("memory access"); !status.ok()) {
      return status;
    }
    if (Status status = check(accesses, failed); !status.ok()) {
      return status;
    }
    if (auto updated = update(); !updated) {
      return to_status(updated);
    }
    machine_.watch_.look();
    for (const MemoryAccess& access : accesses) {
      carry_out(kernel_.ram(), access);
    }
    machine_.watch_.forget();
    return {};
  });
}

std::uint32_t MachineKernel::count() noexcept {
  return machine_.engine_.cpus();
}

Status MachineKernel::registers(std::uint32_t vcpu, VcpuRegisters* out) noexcept {
  return guard("registers", [&]() -> Status {
    if (!machine_.frozen_ || vcpu >= count()) {
      return Status::make(StatusCode::kInvalidArgument,
                          "registers of vCPU " + std::to_string(vcpu) +
                              (machine_.frozen_ ? ": there is none" : ": the CPUs run"));
    }
    if (auto updated = update(); !updated) {
      return to_status(updated);
    }
    *out = registers_of(kernel_, machine_.engine_, vcpu);
    return {};
  });
}

Status MachineKernel::vmlinux(BtfEncoder& encoder, BytesSink& sink) noexcept {
  return guard("vmlinux", [&]() -> Status {
    const TypeTable types;
    Collect btf;
    if (Status status = encoder.encode(types.all(), btf); !status.ok()) {
      return status;
    }
    if (encoder_ != &encoder) {
      encoder_ = &encoder;
      kernel_.outdate();
    }
    const std::string file = make_vmlinux(btf.text);
    sink.on_bytes({reinterpret_cast<const std::uint8_t*>(file.data()), file.size()});
    return {};
  });
}

} // namespace schedrig::mock
