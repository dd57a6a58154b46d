// SPDX-License-Identifier: MIT
// Vm: creation in order, start, stop.
#include "vm.hpp"

#include <thread>
#include <utility>

#include <schedrig/prng.hpp>

#include "acpi/tables.hpp"
#include "apic_layout.hpp"
#include "boot/loader.hpp"
#include "cpuid/cpuid.hpp"
#include "mapped_file.hpp"
#include "vcpu_signal.hpp"
#include "vm_impl.hpp"

namespace schedrig::kvm {
namespace {

using std::chrono::steady_clock;

// Of the machine's streams of random numbers, the vCPUs' start skew is the VMM's only one.
constexpr std::uint64_t kSkewStream = 900;
// Long enough for some wake-ups to change places, far below a tick of the guest.
constexpr std::uint64_t kMostSkewNs = 200'000;
// How long the device thread waits for vCPUs when the guest ended by itself, and for it a machine
// that starts frozen.
constexpr auto kEndTimeout = std::chrono::seconds(2);

} // namespace

Vm::Impl::Impl(VmSink& sink, GuestMemory memory, bool ring)
    : memory_(std::move(memory)), watches_([this] { hold(); }),
      board_(
          memory_, lifecycle_, phases_, sink,
          [this] { (void)stop_vcpus(steady_clock::now() + kEndTimeout); }, ring),
      sink_(sink) {}

Vm::Impl::~Impl() {
  lifecycle_.stop();
  (void)stop_vcpus(Deadline::max());
  gate_.close();
  for (std::thread& thread : threads_) {
    if (thread.joinable()) {
      thread.join();
    }
  }
  (void)board_.join(Deadline::max());
}

Result<> Vm::Impl::set_up(const VmConfig& config, std::span<const std::byte> kernel) {
  const KernelImage image = TRY(parse_kernel_image(kernel));
  const ApicLayout layout = TRY(lay_out_apic_ids(config.topology));
  const auto node_bytes = TRY(node_memory(config.topology, config.memory_bytes));
  const AcpiTables acpi =
      TRY(build_acpi(config.topology, layout, node_bytes, kAcpiAddress, kAcpiRoom));
  for (const AcpiTable& table : acpi.tables) {
    TRY(memory_.write(table.address, std::as_bytes(std::span(table.bytes))));
  }
  kernel_version_ = image.version;
  kernel_format_ = image.format;
  command_line_ = kernel_command_line(config.extra_command_line, config.kaslr);
  const EntryPoint entry = TRY(load_linux(memory_, {.kernel = image,
                                                    .initramfs = config.initramfs,
                                                    .command_line = command_line_,
                                                    .rsdp = acpi.rsdp}));

  TRY(system_.create(config.kvm_device, memory_, config.regions));
  const CpuidLeaves supported = TRY(supported_cpuid(system_.kvm_fd()));
  const CpuVendor vendor = config.vendor.value_or(vendor_of(supported));
  const std::size_t run_bytes = TRY(system_.run_bytes());
  TRY(system_.set_boot_cpu(layout.apic_ids.front()));
  for (std::uint32_t cpu = 0; cpu < layout.apic_ids.size(); ++cpu) {
    auto vcpu = TRY(Vcpu::create(system_.vm_fd(), cpu, layout.apic_ids[cpu], run_bytes));
    TRY(vcpu->set_up(build_cpuid(supported, layout, cpu, vendor)));
    vcpus_.push_back(std::move(vcpu));
  }
  TRY(vcpus_.front()->set_entry(entry));
  return board_.init(system_.vm_fd());
}

Result<> Vm::Impl::prepare() {
  const std::lock_guard lock(control_mutex_);
  TRY(install_kick_handler());
  TRY(start_threads());
  memory_.prepare_writes(first_writes_);
  return {};
}

Result<> Vm::Impl::start(std::optional<std::uint64_t> skew_seed) {
  const std::lock_guard lock(control_mutex_);
  TRY(bring_up(skew_seed));
  gate_.open();
  return {};
}

Result<> Vm::Impl::start_frozen(std::optional<std::uint64_t> skew_seed) {
  const std::lock_guard lock(control_mutex_);
  TRY(bring_up(skew_seed));
  return stand_still(kEndTimeout); // nothing has run that could be late
}

Result<> Vm::Impl::bring_up(std::optional<std::uint64_t> skew_seed) {
  if (started_ || lifecycle_.over()) {
    return fail(StatusCode::kInvalidArgument, "virtual machine: started or stopped before");
  }
  TRY(install_kick_handler());
  start_skews_.assign(vcpus_.size(), {});
  if (skew_seed) {
    Prng skews(*skew_seed, kSkewStream);
    for (auto& skew : start_skews_) {
      skew = std::chrono::nanoseconds(skews.below(kMostSkewNs));
    }
  }
  phases_.start();
  if (auto ready = start_threads(); !ready) {
    lifecycle_.stop();
    return ready;
  }
  if (forked_) {
    memory_.prepare_writes(first_writes_);
    TRY(restore());
  }
  TRY(board_.start());
  started_ = true;
  return {};
}

// They stand at the gate. Those of an earlier life go on: KVM counts a vCPU's steal time from what
// the scheduler has counted for its thread, and another thread's would turn it back.
Result<> Vm::Impl::start_threads() {
  if (!threads_.empty()) {
    return {};
  }
  gate_.reset(static_cast<std::uint32_t>(vcpus_.size()));
  threads_.reserve(vcpus_.size());
  for (std::uint32_t i = 0; i < vcpus_.size(); ++i) {
    threads_.push_back(
        TRY(start_thread("vcpu" + std::to_string(i), [this, i] { vcpu_thread(i); })));
  }
  return {};
}

void Vm::Impl::vcpu_thread(std::uint32_t index) {
  unblock_kick_signal();
  VcpuWatch watch(vcpus_[index]->fd(), index, watches_, memory_);
  while (gate_.pass(index)) {
    if (const auto held = gate_.take_held(index); held > steady_clock::duration::zero()) {
      vcpus_[index]->count_stolen(memory_, held);
      vcpus_[index]->tell_of_pause();
    }
    std::this_thread::sleep_for(std::exchange(start_skews_[index], {}));
    vcpus_[index]->run(board_, lifecycle_, phases_, gate_, watch);
    if (lifecycle_.over()) {
      gate_.shut();
    }
    if (late_ && late_->vcpu == index) {
      come_late(late_->by);
    }
  }
}

std::optional<std::uint32_t> Vm::Impl::stop_vcpus(Deadline deadline) {
  gate_.shut();
  return gate_.wait_until_all_stand(
      deadline, [this](std::uint32_t i) { vcpus_[i]->kick(threads_[i].native_handle()); });
}

// The vCPUs' threads stay at the gate until the machine is destroyed or lives again.
Result<> Vm::Impl::stop_all(Deadline deadline, std::chrono::milliseconds timeout) {
  lifecycle_.stop();
  if (!threads_.empty()) {
    unpin_all();
    gate_.release_all();
  }
  board_.wake();
  frozen_ = false;
  const std::string in_time = " did not stop within " + std::to_string(timeout.count()) + " ms";
  if (const auto late = stop_vcpus(deadline); late) {
    return fail(StatusCode::kTimeout, "vCPU " + std::to_string(*late) + in_time);
  }
  if (!board_.join(deadline)) {
    return fail(StatusCode::kTimeout, "the device thread" + in_time, "a callback has not returned");
  }
  return {};
}

Result<> Vm::Impl::stop(std::chrono::milliseconds timeout) {
  const std::lock_guard lock(control_mutex_);
  return stop_all(steady_clock::now() + timeout, timeout);
}

Vm::Vm(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Vm::~Vm() = default;

Result<std::unique_ptr<Vm>> Vm::create(const VmConfig& config, VmSink& sink) {
  MappedFile file;
  std::span<const std::byte> kernel = config.kernel_image;
  if (kernel.empty()) {
    file = TRY(MappedFile::open(config.kernel_path, kMaxImageBytes));
    kernel = file.bytes();
  }
  auto memory = TRY(GuestMemory::create(config.memory_bytes));
  auto impl = std::make_unique<Impl>(sink, std::move(memory), config.ring);
  TRY(impl->set_up(config, kernel));
  return std::unique_ptr<Vm>(new Vm(std::move(impl)));
}

Result<> Vm::prepare() {
  return impl_->prepare();
}
Result<> Vm::start(std::optional<std::uint64_t> skew_seed) {
  return impl_->start(skew_seed);
}
Result<> Vm::start_frozen(std::optional<std::uint64_t> skew_seed) {
  return impl_->start_frozen(skew_seed);
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
std::string_view Vm::kernel_format() const noexcept {
  return impl_->kernel_format_ == KernelFormat::kVmlinux ? "vmlinux" : "bzImage";
}
bool Vm::kaslr() const noexcept {
  return impl_->kernel_format_ == KernelFormat::kBzImage && !says_nokaslr(impl_->command_line_);
}
const std::string& Vm::command_line() const noexcept {
  return impl_->command_line_;
}
const std::vector<RegionCache>& Vm::region_caches() const noexcept {
  return impl_->system_.region_caches();
}
const GuestMemory& Vm::memory() const noexcept {
  return impl_->memory_;
}
std::span<std::byte> Vm::ring_memory() const noexcept {
  return impl_->board_.ring_memory();
}

} // namespace schedrig::kvm
