// SPDX-License-Identifier: MIT
// Vm: creation in order, start, stop.
#include "vm.hpp"

#include <array>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "acpi/tables.hpp"
#include "apic_layout.hpp"
#include "board.hpp"
#include "boot/bzimage.hpp"
#include "boot/loader.hpp"
#include "cpuid/cpuid.hpp"
#include "guest_memory.hpp"
#include "kvm_system.hpp"
#include "vcpu.hpp"
#include "vcpu_signal.hpp"

namespace schedrig::kvm {
namespace {

using Deadline = std::chrono::steady_clock::time_point;
using std::chrono::steady_clock;

// Between repeated kicks of a vCPU that has not come back: one kick is enough by design, so this
// only bounds how late a lost one would be noticed.
constexpr auto kKickAgain = std::chrono::milliseconds(10);
// How long the device thread waits for vCPUs when the guest ended by itself.
constexpr auto kEndTimeout = std::chrono::seconds(2);

} // namespace

class Vm::Impl {
 public:
  Impl(VmSink& sink, GuestMemory memory)
      : memory_(std::move(memory)), board_(memory_, lifecycle_, phases_, sink, [this] {
          (void)stop_vcpus(steady_clock::now() + kEndTimeout);
        }) {}
  ~Impl();

  Result<> set_up(const VmConfig& config, std::span<const std::byte> kernel);
  Result<> start();
  Result<> stop(std::chrono::milliseconds timeout);
  // Null, or which vCPU did not stop in time.
  std::optional<std::uint32_t> stop_vcpus(Deadline deadline);

  // Declared in the order of construction; the VM outlives vCPUs and devices.
  GuestMemory memory_;
  KvmSystem system_;
  Lifecycle lifecycle_;
  PhaseClock phases_;
  std::vector<std::unique_ptr<Vcpu>> vcpus_;
  Board board_;
  std::string kernel_version_;
  std::string command_line_;

  std::mutex threads_mutex_; // guards running_
  std::condition_variable vcpu_left_;
  std::vector<bool> running_;
  std::vector<std::thread> threads_;
  std::mutex control_mutex_; // one start or stop at a time
  bool started_ = false;
};

Vm::Impl::~Impl() {
  lifecycle_.stop();
  (void)stop_vcpus(Deadline::max());
  for (std::thread& thread : threads_) {
    if (thread.joinable()) {
      thread.join();
    }
  }
  (void)board_.join(Deadline::max());
}

Result<> Vm::Impl::set_up(const VmConfig& config, std::span<const std::byte> kernel) {
  const BzImage image = TRY(parse_bzimage(kernel));
  const ApicLayout layout = TRY(lay_out_apic_ids(config.topology));
  const auto node_bytes = TRY(node_memory(config.topology, config.memory_bytes));
  const AcpiTables acpi =
      TRY(build_acpi(config.topology, layout, node_bytes, kAcpiAddress, kAcpiRoom));
  for (const AcpiTable& table : acpi.tables) {
    TRY(memory_.write(table.address, std::as_bytes(std::span(table.bytes))));
  }
  kernel_version_ = image.version;
  command_line_ = kernel_command_line(config.extra_command_line);
  const EntryPoint entry = TRY(load_linux(memory_, {.kernel = image,
                                                    .initramfs = config.initramfs,
                                                    .command_line = command_line_,
                                                    .rsdp = acpi.rsdp}));

  TRY(system_.create(config.kvm_device, memory_));
  const CpuidLeaves supported = TRY(system_.supported_cpuid());
  const CpuVendor vendor = config.vendor.value_or(vendor_of(supported));
  const std::size_t run_bytes = TRY(system_.run_bytes());
  for (std::uint32_t cpu = 0; cpu < layout.apic_ids.size(); ++cpu) {
    auto vcpu = TRY(Vcpu::create(system_.vm_fd(), cpu, layout.apic_ids[cpu], run_bytes));
    TRY(vcpu->set_up(build_cpuid(supported, layout, cpu, vendor)));
    vcpus_.push_back(std::move(vcpu));
  }
  TRY(vcpus_.front()->set_entry(entry));
  return board_.init(system_.vm_fd());
}

Result<> Vm::Impl::start() {
  const std::lock_guard lock(control_mutex_);
  if (started_ || lifecycle_.over()) {
    return fail(StatusCode::kInvalidArgument, "virtual machine: started or stopped before");
  }
  TRY(install_kick_handler());
  phases_.start();
  {
    // Before any thread can end the guest and look at it.
    const std::lock_guard threads_lock(threads_mutex_);
    running_.assign(vcpus_.size(), false);
    threads_.reserve(vcpus_.size());
  }
  TRY(board_.start());
  started_ = true;
  for (std::uint32_t i = 0; i < vcpus_.size(); ++i) {
    const std::lock_guard threads_lock(threads_mutex_);
    auto thread = start_thread("vcpu" + std::to_string(i), [this, i] {
      unblock_kick_signal();
      vcpus_[i]->run(board_, lifecycle_, phases_);
      const std::lock_guard done(threads_mutex_);
      running_[i] = false;
      vcpu_left_.notify_all();
    });
    if (!thread) {
      lifecycle_.stop();
      board_.wake();
      return std::unexpected(std::move(thread).error());
    }
    running_[i] = true;
    threads_.push_back(*std::move(thread));
  }
  return {};
}

std::optional<std::uint32_t> Vm::Impl::stop_vcpus(Deadline deadline) {
  std::unique_lock lock(threads_mutex_);
  while (true) {
    std::optional<std::uint32_t> late;
    for (std::uint32_t i = 0; i < running_.size(); ++i) {
      if (running_[i]) {
        vcpus_[i]->kick(threads_[i].native_handle());
        late = late.value_or(i);
      }
    }
    const auto now = steady_clock::now();
    if (!late || now >= deadline) {
      return late;
    }
    vcpu_left_.wait_for(lock, std::min<steady_clock::duration>(kKickAgain, deadline - now));
  }
}

Result<> Vm::Impl::stop(std::chrono::milliseconds timeout) {
  const std::lock_guard lock(control_mutex_);
  const Deadline deadline = steady_clock::now() + timeout;
  lifecycle_.stop();
  board_.wake();
  if (const auto late = stop_vcpus(deadline); late) {
    return fail(StatusCode::kTimeout, "vCPU " + std::to_string(*late) + " did not stop within " +
                                          std::to_string(timeout.count()) + " ms");
  }
  for (std::thread& thread : threads_) {
    if (thread.joinable()) {
      thread.join(); // it has left its loop
    }
  }
  if (!board_.join(deadline)) {
    return fail(StatusCode::kTimeout,
                "the device thread did not stop within " + std::to_string(timeout.count()) + " ms",
                "a callback has not returned");
  }
  return {};
}

Vm::Vm(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Vm::~Vm() = default;

Result<std::unique_ptr<Vm>> Vm::create(const VmConfig& config, VmSink& sink) {
  std::vector<std::byte> file;
  std::span<const std::byte> kernel = config.kernel_image;
  if (kernel.empty()) {
    file = TRY(read_file(config.kernel_path, kMaxImageBytes));
    kernel = file;
  }
  auto memory = TRY(GuestMemory::create(config.memory_bytes));
  auto impl = std::make_unique<Impl>(sink, std::move(memory));
  TRY(impl->set_up(config, kernel));
  return std::unique_ptr<Vm>(new Vm(std::move(impl)));
}

Result<> Vm::start() {
  return impl_->start();
}
Result<> Vm::stop(std::chrono::milliseconds timeout) {
  return impl_->stop(timeout);
}

std::size_t Vm::try_send(std::span<const std::byte> bytes) {
  return impl_->board_.try_send(bytes);
}

Result<> Vm::send(std::span<const std::byte> bytes, std::chrono::milliseconds timeout) {
  if (impl_->board_.send(bytes, steady_clock::now() + timeout)) {
    return {};
  }
  if (impl_->lifecycle_.over()) {
    return fail(StatusCode::kGuestFailed, "send on the control port: the guest does not run");
  }
  return fail(StatusCode::kTimeout, "send on the control port: " + std::to_string(bytes.size()) +
                                        " bytes not taken within " +
                                        std::to_string(timeout.count()) + " ms");
}

ExitCounts Vm::exits() const noexcept {
  ExitCounts sums{};
  for (const auto& vcpu : impl_->vcpus_) {
    vcpu->exits().add_to(sums);
  }
  return sums;
}

BootPhases Vm::phases() const noexcept {
  return {.entry_ns = impl_->phases_.entry.load(),
          .first_exit_ns = impl_->phases_.first_exit.load(),
          .first_console_ns = impl_->phases_.first_console.load(),
          .control_open_ns = impl_->phases_.control_open.load()};
}

const std::string& Vm::kernel_version() const noexcept {
  return impl_->kernel_version_;
}
const std::string& Vm::command_line() const noexcept {
  return impl_->command_line_;
}
const GuestMemory& Vm::memory() const noexcept {
  return impl_->memory_;
}

} // namespace schedrig::kvm
