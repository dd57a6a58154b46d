// SPDX-License-Identifier: MIT
#include "plugins/mock/kernel/registers.hpp"

namespace schedrig::mock {
namespace {

using layout::Function;

// arch/x86/include/asm/segment.h, processor-flags.h, msr-index.h of Linux 6.18.
constexpr std::uint64_t kKernelCs = 0x10;
constexpr std::uint64_t kKernelDs = 0x18;
constexpr std::uint64_t kUserCs = 0x33;
constexpr std::uint64_t kUserDs = 0x2b;
constexpr std::uint64_t kCr0 = 0x8005'0033;   // PE MP ET NE WP AM PG
constexpr std::uint64_t kCr4 = 0x6a0;         // PAE PGE OSFXSR OSXMMEXCPT
constexpr std::uint64_t kCr4La57 = 1U << 12U; // five levels of page tables
constexpr std::uint64_t kEfer = 0xd01;        // SCE LME LMA NX
constexpr std::uint64_t kInterruptsOn = 0x202;
constexpr std::uint64_t kInterruptsOff = 0x002;
// Where a small static program is linked to, and below the highest stack.
constexpr std::uint64_t kUserRip = 0x40'1000;
constexpr std::uint64_t kUserRsp = 0x7fff'ffff'e000;

} // namespace

VcpuRegisters registers_of(const GuestKernel& kernel, const Engine& engine, CpuId id) {
  const Cpu& cpu = engine.cpu(id);
  const bool idle = cpu.curr == kNoTask;
  const bool switches = !idle && engine.now() < cpu.switch_end;
  VcpuRegisters now;
  now.started = 1;
  now.cr0 = kCr0;
  now.cr3 = kernel.space().cr3();
  now.cr4 = kCr4 | (kernel.space().levels() == 5 ? kCr4La57 : 0);
  now.efer = kEfer;
  now.lstar = kernel.space().image(layout::place_of(Function::kEntrySyscall));
  now.rflags = switches ? kInterruptsOff : kInterruptsOn;
  if (idle || switches) {
    now.rip = kernel.code(idle ? Function::kDefaultIdle : Function::kInnerSchedule);
    now.rsp = kernel.idle_rsp(id);
    now.cs = kKernelCs;
    now.ss = kKernelDs;
    now.gs_base = kernel.per_cpu_offset(id);
  } else {
    now.rip = kUserRip;
    now.rsp = kUserRsp;
    now.cs = kUserCs;
    now.ss = kUserDs;
    now.kernel_gs_base = kernel.per_cpu_offset(id);
  }
  return now;
}

} // namespace schedrig::mock
