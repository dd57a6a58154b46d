// SPDX-License-Identifier: MIT
// A machine that gives access to its memory and can be frozen, and that knows where its symbols
// are; it notes what is asked of it, in order.
#pragma once

#include <cstring>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <schedrig/freeze.hpp>
#include <schedrig/guest_memory.hpp>

#include "host/engine/kernel_targets.hpp"
#include "tests/unit/engine/scripted_machine.hpp"

namespace schedrig::engine {

class KernelMachine final : private MemoryFacet, private FreezeFacet, public TargetResolver {
 public:
  static constexpr std::uint64_t kRam = 0x10000; // where its memory begins
  static constexpr std::uint64_t kPage = 4096;
  static constexpr std::uint64_t kLinear = 0xffff888000000000; // of physical 0
  static constexpr std::uint64_t kCode = 0xffffffff81000000;   // 4 KiB, named "code"

  ScriptedMachine machine;
  std::vector<std::uint8_t> ram = std::vector<std::uint8_t>(4 * kPage);
  std::map<std::string, std::uint64_t> symbols; // name -> guest-physical address
  // "freeze", "thaw", "read 10000+8", "write 10000+4", "or 10000+4", "resolve NAME".
  std::vector<std::string> log;
  std::function<void()> before_access; // what the machine's CPUs have done by then
  StatusCode freeze_fails = StatusCode::kOk;
  StatusCode thaw_fails = StatusCode::kOk;

  KernelMachine() {
    machine.files["/sys/fs/cgroup/cgroup.controllers"] = "";
    machine.files["/sys/fs/cgroup/schedrig"] = "";
    machine.facets.emplace(MemoryFacet::kInterfaceId, static_cast<MemoryFacet*>(this));
    machine.facets.emplace(FreezeFacet::kInterfaceId, static_cast<FreezeFacet*>(this));
  }

  void put_u64(std::uint64_t address, std::uint64_t value) {
    std::memcpy(&ram[address - kRam], &value, sizeof value);
  }
  [[nodiscard]] std::uint32_t u32(std::uint64_t address) const {
    std::uint32_t value = 0;
    std::memcpy(&value, &ram[address - kRam], sizeof value);
    return value;
  }
  [[nodiscard]] MemoryFacet& memory() { return *this; }

  // A symbol that ends in "split" crosses into a page that lies before its own; "nowhere" is found
  // without any place.
  Result<std::vector<MemoryRange>> resolve(const KernelTarget& target, std::uint32_t bytes,
                                           KernelState state) override {
    const auto* symbol = std::get_if<SymbolTarget>(&target);
    const auto found = symbol == nullptr ? symbols.end() : symbols.find(symbol->name);
    if (found == symbols.end() || (state == KernelState::kFrozen) != frozen_) {
      return fail(StatusCode::kNotFound, "there is no such symbol", "did you mean jiffies_64?");
    }
    log.push_back("resolve " + symbol->name);
    if (symbol->name == "nowhere") {
      return std::vector<MemoryRange>();
    }
    if (symbol->name.ends_with("split")) {
      return std::vector<MemoryRange>{{found->second, 2}, {kRam, bytes - 2}};
    }
    return std::vector<MemoryRange>{{found->second, bytes}};
  }

  Result<std::uint64_t> linear_address(const KernelTarget& target, std::uint32_t bytes) override {
    const auto places = TRY(resolve(target, bytes, KernelState::kRunning));
    return kLinear + places.front().start;
  }
  std::string symbol_at(std::uint64_t linear) override {
    return linear - kCode < kPage ? "code+0x" + hex(linear - kCode) : "";
  }

 private:
  void ranges(MemoryRangeSink& sink) noexcept override { sink.on_range({kRam, ram.size()}); }

  Status access(std::span<const MemoryAccess> accesses, std::uint32_t* failed) noexcept override {
    for (std::uint32_t i = 0; i < accesses.size(); ++i) {
      const std::uint64_t bytes = accesses[i].into.size() + accesses[i].from.size();
      const bool odd_or = accesses[i].kind == MemoryAccessKind::kOr &&
                          (bytes != 4 || accesses[i].address % 4 != 0) && !frozen_;
      if (accesses[i].address < kRam || accesses[i].address + bytes > kRam + ram.size() || odd_or) {
        *failed = i;
        return Status::make(StatusCode::kInvalidArgument, "no memory there");
      }
    }
    if (before_access) {
      before_access();
    }
    for (const MemoryAccess& access : accesses) {
      perform(access);
    }
    return {};
  }

  void perform(const MemoryAccess& access) {
    std::uint8_t* at = &ram[access.address - kRam];
    const auto note = [&](const char* what, std::size_t bytes) {
      log.push_back(what + hex(access.address) + "+" + std::to_string(bytes));
    };
    if (access.kind == MemoryAccessKind::kRead) {
      note("read ", access.into.size());
      std::memcpy(access.into.data(), at, access.into.size());
      return;
    }
    const bool set = access.kind == MemoryAccessKind::kOr;
    note(set ? "or " : "write ", access.from.size());
    for (std::size_t i = 0; i < access.from.size(); ++i) {
      at[i] = static_cast<std::uint8_t>(set ? at[i] | access.from[i] : access.from[i]);
    }
  }

  static std::string hex(std::uint64_t number) {
    std::array<char, 20> text{};
    std::snprintf(text.data(), text.size(), "%llx", static_cast<unsigned long long>(number));
    return text.data();
  }

  Status freeze(std::int64_t /*timeout_ns*/) noexcept override {
    if (freeze_fails != StatusCode::kOk) {
      return Status::make(freeze_fails, "CPU 1 did not stop");
    }
    log.emplace_back("freeze");
    frozen_ = true;
    return {};
  }

  Status thaw(std::int64_t* frozen_ns) noexcept override {
    log.emplace_back("thaw");
    frozen_ = false;
    *frozen_ns = 7000;
    return thaw_fails == StatusCode::kOk ? Status()
                                         : Status::make(thaw_fails, "CPU 1 does not go on");
  }

  bool frozen_ = false;
};

} // namespace schedrig::engine
