// SPDX-License-Identifier: MIT
// Saving a machine that stands still, starting others from it, and taking them back to it.
#include <cstdlib>
#include <utility>

#include "kvm_ioctl.hpp"
#include "state/vm_state.hpp"
#include "vm_impl.hpp"

namespace schedrig::kvm {
namespace {

// As far as two TSCs may be apart without the guest's clock going noticeably wrong: KVM itself
// scales only beyond it (arch/x86/kvm/x86.c, tsc_tolerance_ppm).
constexpr std::int64_t kTscTolerancePpm = 250;

Result<> check_tsc_rate(int vcpu_fd, std::uint32_t saved_khz) {
  const std::int64_t khz = TRY(SCHEDRIG_KVM(vcpu_fd, KVM_GET_TSC_KHZ));
  if (std::abs(khz - std::int64_t{saved_khz}) * 1'000'000 > kTscTolerancePpm * khz) {
    return fail(StatusCode::kUnsupported, "the machine was saved where the TSC counts " +
                                              std::to_string(saved_khz) + " kHz; here it is " +
                                              std::to_string(khz));
  }
  return {};
}

} // namespace

Result<> Vm::Impl::set_up_from(std::shared_ptr<const SavedMachine> saved,
                               const std::string& kvm_device) {
  base_ = std::move(saved);
  forked_ = true;
  const MachineState& state = base_->state;
  if (state.vm.vcpus.empty()) {
    return fail(StatusCode::kInvalidArgument, "the saved machine has no vCPU");
  }
  kernel_version_ = state.boot.kernel_version;
  kernel_format_ = state.boot.vmlinux ? KernelFormat::kVmlinux : KernelFormat::kBzImage;
  command_line_ = state.boot.command_line;
  TRY(system_.create(kvm_device, memory_));
  const std::size_t run_bytes = TRY(system_.run_bytes());
  TRY(system_.set_boot_cpu(state.vm.vcpus.front().apic_id));
  for (std::uint32_t i = 0; i < state.vm.vcpus.size(); ++i) {
    const VcpuState& vcpu_state = state.vm.vcpus[i];
    auto vcpu = TRY(Vcpu::create(system_.vm_fd(), i, vcpu_state.apic_id, run_bytes));
    TRY(vcpu->set_up(vcpu_state.cpuid));
    vcpus_.push_back(std::move(vcpu));
  }
  const std::size_t xsave = TRY(xsave_bytes(system_.vm_fd()));
  if (state.vm.vcpus.front().xsave.size() != xsave) {
    return fail(StatusCode::kUnsupported, "the saved machine's vCPUs have " +
                                              std::to_string(state.vm.vcpus.front().xsave.size()) +
                                              " bytes of extended state; here they have " +
                                              std::to_string(xsave));
  }
  TRY(check_tsc_rate(vcpus_.front()->fd(), state.vm.tsc_khz));
  return board_.init(system_.vm_fd());
}

Result<std::shared_ptr<const SavedMachine>> Vm::Impl::save() {
  const std::lock_guard lock(control_mutex_);
  if (!frozen_) {
    return fail(StatusCode::kInvalidArgument, "save: the machine does not stand still");
  }
  auto saved = std::make_shared<SavedMachine>();
  MachineState& state = saved->state;
  state.board = TRY(board_.save()); // first: interrupts on their way belong to the vCPUs
  state.vm = TRY(save_vm(system_.vm_fd(), vcpus_.front()->fd()));
  const std::size_t xsave = TRY(xsave_bytes(system_.vm_fd()));
  std::vector<std::uint32_t> msrs = TRY(saved_msrs(system_.kvm_fd()));
  for (const auto& vcpu : vcpus_) {
    VcpuState vcpu_state = TRY(save_vcpu(vcpu->fd(), xsave, msrs));
    vcpu_state.apic_id = vcpu->apic_id();
    vcpu_state.cpuid = vcpu->cpuid();
    if (vcpu == vcpus_.front()) { // the others are of the same kind: no need to try all again
      msrs.clear();
      for (const kvm_msr_entry& msr : vcpu_state.msrs) {
        msrs.push_back(msr.index);
      }
    }
    state.vm.vcpus.push_back(std::move(vcpu_state));
  }
  state.boot = {.kernel_version = kernel_version_,
                .vmlinux = kernel_format_ == KernelFormat::kVmlinux,
                .command_line = command_line_};
  if (base_) {
    saved->memory = TRY(memory_.copy_image(base_->memory));
  } else {
    saved->memory = TRY(memory_.become_image());
    base_ = saved;
  }
  return saved;
}

Result<> Vm::Impl::restore() {
  const MachineState& state = base_->state;
  std::vector<int> fds;
  for (std::size_t i = 0; i < vcpus_.size(); ++i) {
    fds.push_back(vcpus_[i]->fd());
    if (auto restored = restore_vcpu(fds.back(), state.vm.vcpus[i]); !restored) {
      return std::unexpected(
          std::move(restored).error().context("vCPU " + std::to_string(i) + "'s state"));
    }
  }
  TRY(restore_vm(system_.vm_fd(), state.vm));
  TRY(board_.restore(state.board));
  TRY(restore_clock(system_.vm_fd(), fds, state.vm));
  // Just before they run: told when the machine was saved, it would not be in its saved state.
  for (const auto& vcpu : vcpus_) {
    vcpu->tell_of_pause();
  }
  return {};
}

Result<Reverted> Vm::Impl::reset(std::chrono::milliseconds timeout) {
  const std::lock_guard lock(control_mutex_);
  if (!forked_) {
    return fail(StatusCode::kInvalidArgument, "reset: the machine was booted, not started from a "
                                              "saved one");
  }
  TRY(stop_all(std::chrono::steady_clock::now() + timeout, timeout));
  // An interrupt of the last life that is still on its way is one too many in the next: the drivers
  // find nothing to do.
  const Reverted reverted = TRY(memory_.revert(base_->memory));
  for (const auto& vcpu : vcpus_) {
    vcpu->forget_exits();
  }
  watches_.clear_all();
  held_ = false;
  lifecycle_.restart();
  started_ = false;
  return reverted;
}

Result<std::unique_ptr<Vm>> Vm::create_from(std::shared_ptr<const SavedMachine> saved, VmSink& sink,
                                            std::vector<PageRun> first_writes,
                                            const std::string& kvm_device) {
  auto memory = TRY(GuestMemory::create_over(saved->memory));
  auto impl = std::make_unique<Impl>(sink, std::move(memory), saved->state.board.ring.has_value());
  impl->first_writes_ = std::move(first_writes);
  TRY(impl->set_up_from(std::move(saved), kvm_device));
  return std::unique_ptr<Vm>(new Vm(std::move(impl)));
}

Result<std::shared_ptr<const SavedMachine>> Vm::save() {
  return impl_->save();
}
Result<std::vector<PageRun>> Vm::changed_pages() const {
  if (!impl_->base_) {
    return fail(StatusCode::kInvalidArgument, "changed pages: the machine was neither saved nor "
                                              "started from a saved one");
  }
  return impl_->memory_.changed_pages();
}
Result<Reverted> Vm::reset(std::chrono::milliseconds timeout) {
  return impl_->reset(timeout);
}

} // namespace schedrig::kvm
