// SPDX-License-Identifier: MIT
// Creating, booting, waiting and shutting down.
#include "backend/machine.hpp"

#include <algorithm>
#include <filesystem>

#include <schedrig/export.hpp>

#include "backend/initramfs.hpp"

namespace schedrig::kvm {
namespace {

using std::chrono::nanoseconds;
using std::chrono::steady_clock;

// Round trips after hello: the first ones pay for cold caches, eight are done in a millisecond.
constexpr int kClockSamples = 8;
// Joining threads that have been told to stop: microseconds, but the host may be loaded.
constexpr std::chrono::milliseconds kStopTimeout{5000};
// From a panic's first line to the reset that follows its last: milliseconds; in an emulated host
// a thousand times that. A kernel that hangs in its panic is not waited for any longer.
constexpr std::chrono::seconds kLastWordsTimeout{10};
constexpr std::chrono::seconds kLastWordsPause{2};

std::string loader_beside(const std::string& agent_path) {
  return std::filesystem::path(agent_path).replace_filename("schedrig-scx").string();
}

} // namespace

Result<std::unique_ptr<KvmMachine>>
KvmMachine::create(const MachineSpec& spec, const MachineOptions& options, EventSink& events) {
  if (spec.kernel_image.empty()) {
    return fail(StatusCode::kInvalidArgument, "this backend needs a kernel image",
                "give --kernel or [machine] kernel");
  }
  const Bytes initramfs = build_initramfs(TRY(open_agent(options.agent_path)).bytes());
  std::unique_ptr<KvmMachine> machine(new KvmMachine(options, events, TRY(GuestFeed::create())));
  VmConfig config;
  config.kernel_path = spec.kernel_image;
  config.initramfs = initramfs;
  config.extra_command_line = spec.kernel_cmdline;
  config.memory_bytes = spec.memory_bytes;
  config.topology = spec.topology;
  config.regions = spec.regions;
  config.vendor = options.vendor;
  config.kaslr = options.kaslr;
  config.ring = options.ring;
  auto vm = Vm::create(config, *machine->feed_);
  if (!vm) {
    return std::unexpected(
        std::move(vm).error().context("machine with kernel " + std::string(spec.kernel_image)));
  }
  machine->set_vm(*std::move(vm), options);
  return machine;
}

void KvmMachine::set_vm(std::unique_ptr<Vm> vm, const MachineOptions& options) {
  vm_ = std::move(vm);
  if (options.late_vcpu) {
    vm_->make_late(*options.late_vcpu, options.late_by);
  }
  schedulers_.limit_watchdog(options.watchdog_ns);
  vm_facets_.emplace(*vm_, clock_, channel_, link_, options.watchdog_ns);
  channel_.set_on_pump([this] { vm_facets_->stop_watch.look(); });
}

KvmMachine::KvmMachine(const MachineOptions& options, EventSink& events,
                       std::unique_ptr<GuestFeed> feed)
    : feed_(std::move(feed)), monitor_(events, clock_), channel_(*feed_, monitor_),
      link_(channel_, monitor_), files_(link_, clock_, options.agent_timeout),
      tasks_(link_, clock_, options.agent_timeout), affinity_(link_, options.agent_timeout),
      bpf_maps_(link_, options.agent_timeout), mem_policy_(link_, options.agent_timeout),
      payloads_(link_, clock_, *this, options.agent_timeout),
      guest_requests_(link_, options.agent_timeout),
      schedulers_(files_, payloads_, clock_, loader_beside(options.agent_path),
                  [this](const SchedulerExit& exit) { monitor_.scheduler_exit(exit); }) {}

KvmMachine::~KvmMachine() {
  feed_->close();
}

void* KvmMachine::query(std::string_view interface_id) noexcept {
  if (interface_id == FilesFacet::kInterfaceId) {
    return static_cast<FilesFacet*>(&files_);
  }
  if (interface_id == TasksFacet::kInterfaceId) {
    return static_cast<TasksFacet*>(&tasks_);
  }
  if (interface_id == AffinityFacet::kInterfaceId) {
    return static_cast<AffinityFacet*>(&affinity_);
  }
  if (interface_id == BpfMapsFacet::kInterfaceId) {
    return static_cast<BpfMapsFacet*>(&bpf_maps_);
  }
  if (interface_id == MemPolicyFacet::kInterfaceId) {
    return static_cast<MemPolicyFacet*>(&mem_policy_);
  }
  if (interface_id == PayloadsFacet::kInterfaceId) {
    return static_cast<PayloadsFacet*>(&payloads_);
  }
  if (interface_id == GuestRequestsFacet::kInterfaceId) {
    return static_cast<GuestRequestsFacet*>(&guest_requests_);
  }
  if (interface_id == MemoryFacet::kInterfaceId) {
    return static_cast<MemoryFacet*>(&vm_facets_->memory);
  }
  if (interface_id == FreezeFacet::kInterfaceId) {
    return static_cast<FreezeFacet*>(&vm_facets_->freezer);
  }
  if (interface_id == VcpusFacet::kInterfaceId) {
    return static_cast<VcpusFacet*>(&vm_facets_->vcpus);
  }
  if (interface_id == WatchdogFacet::kInterfaceId) {
    return static_cast<WatchdogFacet*>(&vm_facets_->watchdog);
  }
  if (interface_id == VcpuControlFacet::kInterfaceId) {
    return static_cast<VcpuControlFacet*>(&vm_facets_->control);
  }
  if (interface_id == WatchFacet::kInterfaceId) {
    return static_cast<WatchFacet*>(&vm_facets_->watch);
  }
  if (interface_id == StopWatchFacet::kInterfaceId) {
    return static_cast<StopWatchFacet*>(&vm_facets_->stop_watch);
  }
  if (interface_id == RingFacet::kInterfaceId) {
    return vm_facets_->ring.there() ? static_cast<RingFacet*>(&vm_facets_->ring) : nullptr;
  }
  if (interface_id == SchedulersFacet::kInterfaceId) {
    return static_cast<SchedulersFacet*>(&schedulers_);
  }
  return nullptr;
}

Status KvmMachine::boot(std::int64_t timeout_ns) noexcept {
  return guard("boot", [&] { return boot_guest(nanoseconds(timeout_ns)); });
}

Result<> KvmMachine::boot_guest(nanoseconds timeout) {
  if (state_ != State::kCreated) {
    return fail(StatusCode::kInvalidArgument, "the machine has been booted before");
  }
  state_ = State::kBooting;
  boot_called_ns_ = host_now_ns();
  const Deadline deadline = after(timeout);
  vm_started_ns_ = host_now_ns();
  TRY(origin_ ? vm_->start(origin_->seed) : vm_->start());
  channel_.open(*vm_);
  channel_.set_interruptible(true);
  auto met = origin_ ? resume_guest(*origin_, deadline) : meet_agent(deadline);
  channel_.set_interruptible(false);
  report_phases();
  if (!met) {
    return boot_error(std::move(met).error());
  }
  clock_.start();
  state_ = State::kRunning;
  return {};
}

Result<> KvmMachine::meet_agent(Deadline deadline) {
  hello_ = TRY(link_.wait_hello(deadline));
  hello_ns_ = host_now_ns();
  for (int i = 0; i < kClockSamples; ++i) {
    TRY(link_.sync_clock(deadline));
  }
  return {};
}

std::unexpected<Error> KvmMachine::boot_error(Error error) const {
  if (error.code == StatusCode::kInterrupted) {
    return std::unexpected(std::move(error));
  }
  const BootPhases phases = vm_->phases();
  std::string reached = "the guest's first instruction";
  if (hello_ns_ != 0) {
    reached = "the agent's hello";
  } else if (phases.control_open_ns >= 0) {
    reached = "the agent's opening of the control port";
  } else if (phases.first_console_ns >= 0) {
    reached = "console output";
  } else if (phases.first_exit_ns >= 0) {
    reached = "the guest's first exit, without a console byte";
  }
  error.message = "the machine got as far as " + reached + "; " + error.message;
  const std::string lines = monitor_.console().last_lines();
  if (!lines.empty()) {
    error.message += "; last console lines:\n" + lines;
  }
  return std::unexpected(std::move(error));
}

void KvmMachine::report_phases() {
  const BootPhases phases = vm_->phases();
  const std::int64_t start = vm_started_ns_ - boot_called_ns_;
  const auto report = [&](std::string_view name, std::int64_t since_start_ns) {
    if (since_start_ns >= 0) {
      monitor_.boot_phase(name, start + since_start_ns);
    }
  };
  report("entry", phases.entry_ns);
  report("first_exit", phases.first_exit_ns);
  report("first_console", phases.first_console_ns);
  report("control_open", phases.control_open_ns);
  report("agent_hello", hello_ns_ == 0 ? -1 : hello_ns_ - vm_started_ns_);
}

std::int64_t KvmMachine::now_ns() noexcept {
  return clock_.now_ns();
}

Status KvmMachine::wait_until(std::int64_t deadline_ns, WakeReason* reason) noexcept {
  return guard("wait_until", [&]() -> Result<> {
    *reason = TRY(wait(deadline_ns, [] { return false; }));
    return {};
  });
}

Result<WakeReason> KvmMachine::wait(std::int64_t deadline_ns, const std::function<bool()>& enough) {
  if (state_ != State::kRunning) {
    return fail(StatusCode::kInvalidArgument, "the machine does not run");
  }
  if (clock_.stands()) {
    return fail(StatusCode::kInvalidArgument, "the machine stands still");
  }
  (void)monitor_.take_noteworthy(); // what was delivered in earlier calls has been seen
  while (true) {
    channel_.pump();
    link_.on_unasked(channel_.take_control());
    if (const auto& failure = monitor_.failure()) {
      return std::unexpected(*failure);
    }
    schedulers_.look();
    const bool rung = vm_facets_->ring.rung(channel_.take_ring_doorbells());
    if (monitor_.take_noteworthy() || enough() || guest_requests_.take_news() || rung) {
      return WakeReason::kEvent;
    }
    const std::int64_t left_ns = deadline_ns - clock_.now_ns();
    if (left_ns <= 0) {
      return WakeReason::kDeadline;
    }
    if (feed_->wait(after(nanoseconds(left_ns)), true) == GuestFeed::Woken::kInterrupted) {
      return WakeReason::kInterrupted;
    }
  }
}

void KvmMachine::interrupt() noexcept {
  feed_->interrupt();
}

void KvmMachine::describe(FactSink& sink) noexcept {
  (void)guard("describe", [&] { report_facts(sink); });
}

void KvmMachine::report_facts(FactSink& sink) const {
  sink.on_fact("start", origin_ ? "fork" : "cold");
  sink.on_fact("kernel.image_version", vm_->kernel_version());
  sink.on_fact("kernel.image_format", vm_->kernel_format());
  sink.on_fact("kernel.kaslr", vm_->kaslr() ? "on" : "off");
  sink.on_fact("kernel.command_line", vm_->command_line());
  for (const RegionCache& region : vm_->region_caches()) {
    sink.on_fact("memory." + region.name + ".cache", to_string(region.result));
  }
  if (hello_ns_ != 0) {
    sink.on_fact("kernel.release", hello_.kernel_release);
    sink.on_fact("kernel.version", hello_.kernel_version);
    sink.on_fact("guest.online_cpus", std::to_string(hello_.online_cpus));
    sink.on_fact("agent.version", hello_.agent_version);
    sink.on_fact("agent.hello_guest_ns", std::to_string(hello_.boottime_ns));
  }
  const auto fact_ns = [&](std::string_view name, std::int64_t value) {
    if (value >= 0) {
      sink.on_fact("boot." + std::string(name) + "_ns", std::to_string(value));
    }
  };
  if (origin_) {
    fact_ns("create", create_ns_);
    sink.on_fact("boot.changed_pages", std::to_string(changed_pages_));
  }
  const BootPhases phases = vm_->phases();
  fact_ns("entry", phases.entry_ns);
  fact_ns("first_exit", phases.first_exit_ns);
  fact_ns("first_console", phases.first_console_ns);
  fact_ns("control_open", phases.control_open_ns);
  fact_ns("agent_hello", hello_ns_ == 0 ? -1 : hello_ns_ - vm_started_ns_);
  const ExitCounts exits = vm_->exits();
  for (std::size_t i = 0; i < exits.size(); ++i) {
    sink.on_fact("exits." + std::string(kExitNames[i]), std::to_string(exits[i]));
  }
  sink.on_fact("clock.stands_in_windows",
               vm_facets_->freezer.guest_clock_stood() ? "yes" : "no: this KVM cannot set it");
  if (const auto error = link_.clock().error_ns(host_now_ns())) {
    sink.on_fact("clock.error_ns", std::to_string(*error));
  }
}

Status KvmMachine::shut_down(std::int64_t timeout_ns) noexcept {
  return guard("shut_down", [&] { return stop(nanoseconds(timeout_ns)); });
}

Result<> KvmMachine::stop(nanoseconds timeout) {
  if (state_ == State::kStopped) {
    return {};
  }
  Result<> clean;
  if (state_ == State::kRunning && !monitor_.failure()) {
    clean = power_off(after(timeout));
  }
  hear_last_words();
  channel_.close();
  feed_->close();
  state_ = State::kStopped;
  TRY(vm_->stop(kStopTimeout));
  return clean;
}

// A kernel that has failed is still printing why. Its end says that nothing more will come.
void KvmMachine::hear_last_words() {
  const Deadline latest = after(kLastWordsTimeout);
  channel_.pump();
  while (monitor_.failure() && !monitor_.ended() && steady_clock::now() < latest &&
         feed_->wait(after(kLastWordsPause), false) != GuestFeed::Woken::kDeadline) {
    channel_.pump();
  }
}

Result<> KvmMachine::power_off(Deadline deadline) {
  monitor_.expect_end();
  const std::uint32_t request = link_.new_request();
  const auto on_answer = [](const Parsed& frame) -> Result<bool> {
    return frame.type == MessageType::kShutdownReply;
  };
  TRY(link_.exchange(request, encode_bare(MessageType::kShutdownRequest, request), "shutdown",
                     deadline, on_answer));
  while (!monitor_.ended()) {
    if (feed_->wait(deadline, false) == GuestFeed::Woken::kDeadline) {
      return fail(StatusCode::kTimeout, "shutdown: the guest did not power off in time");
    }
    channel_.pump();
  }
  return {};
}

} // namespace schedrig::kvm
