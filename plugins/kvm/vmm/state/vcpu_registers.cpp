// SPDX-License-Identifier: MIT
#include "vcpu_registers.hpp"

#include "../kvm_ioctl.hpp"
#include "vcpu_state.hpp"

namespace schedrig::kvm {
namespace {

// Intel SDM vol. 4.
constexpr std::uint32_t kMsrLstar = 0xc0000082;
constexpr std::uint32_t kMsrKernelGsBase = 0xc0000102;

} // namespace

Result<VcpuRegisters> read_registers(int vcpu_fd) {
  kvm_mp_state state{};
  kvm_regs regs{};
  kvm_sregs sregs{};
  // First: it takes INIT and SIPI that wait, which changes the registers.
  (void)TRY(SCHEDRIG_KVM(vcpu_fd, KVM_GET_MP_STATE, &state));
  (void)TRY(SCHEDRIG_KVM(vcpu_fd, KVM_GET_REGS, &regs));
  (void)TRY(SCHEDRIG_KVM(vcpu_fd, KVM_GET_SREGS, &sregs));
  VcpuRegisters out;
  out.started = state.mp_state == KVM_MP_STATE_RUNNABLE || state.mp_state == KVM_MP_STATE_HALTED;
  out.rip = regs.rip;
  out.rflags = regs.rflags;
  out.rax = regs.rax;
  out.rbx = regs.rbx;
  out.rcx = regs.rcx;
  out.rdx = regs.rdx;
  out.rsi = regs.rsi;
  out.rdi = regs.rdi;
  out.rbp = regs.rbp;
  out.rsp = regs.rsp;
  out.r8 = regs.r8;
  out.r9 = regs.r9;
  out.r10 = regs.r10;
  out.r11 = regs.r11;
  out.r12 = regs.r12;
  out.r13 = regs.r13;
  out.r14 = regs.r14;
  out.r15 = regs.r15;
  out.cs = sregs.cs.selector;
  out.ss = sregs.ss.selector;
  out.cr0 = sregs.cr0;
  out.cr2 = sregs.cr2;
  out.cr3 = sregs.cr3;
  out.cr4 = sregs.cr4;
  out.efer = sregs.efer;
  out.fs_base = sregs.fs.base;
  out.gs_base = sregs.gs.base;
  for (const kvm_msr_entry& msr : TRY(read_msrs(vcpu_fd, {kMsrLstar, kMsrKernelGsBase}))) {
    (msr.index == kMsrLstar ? out.lstar : out.kernel_gs_base) = msr.data;
  }
  return out;
}

} // namespace schedrig::kvm
