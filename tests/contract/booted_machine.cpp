// SPDX-License-Identifier: MIT
#include "tests/contract/booted_machine.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <sstream>

#include "host/engine/scenario_runner.hpp"
#include "host/kernel/kernel_cache.hpp"
#include "host/topology/host_topology.hpp"

namespace schedrig::contract {
namespace {

// An emulated host boots a guest in some ten seconds; a loaded one needs several times that.
constexpr std::int64_t kBootNs = 180'000'000'000;
constexpr std::int64_t kAttachNs = 30'000'000'000;
constexpr std::int64_t kShutDownNs = 60'000'000'000;
// Some hundred megabytes are copied, under emulation.
constexpr std::int64_t kSaveNs = 60'000'000'000;

// The fault comes after every worker has run once; the watchdog is as short as a test's patience.
constexpr std::int64_t kFaultAfterNs = 50'000'000;
constexpr std::int64_t kWatchdogNs = 500'000'000;
// On a real clock the kernel first takes over every task, which is part of the attach, and an
// emulated CPU is kept from its work for seconds now and then.
constexpr std::int64_t kRealFaultAfterNs = 1'500'000'000;
constexpr std::int64_t kRealWatchdogNs = 5'000'000'000;

std::vector<ParamValue> fault(std::string_view name, bool real_clock) {
  return {{.type = ParamType::kString, .key = "fault", .text = name},
          {.type = ParamType::kDuration,
           .key = "after",
           .integer = real_clock ? kRealFaultAfterNs : kFaultAfterNs,
           .text = {}},
          {.type = ParamType::kDuration,
           .key = "watchdog",
           .integer = real_clock ? kRealWatchdogNs : kWatchdogNs,
           .text = {}}};
}

loader::Discovery discover() {
  loader::SearchRequest request;
  request.command_line.assign(options().plugin_dirs.begin(), options().plugin_dirs.end());
  request.installation = loader::installation_plugin_directory();
  return loader::discover_plugins(loader::plugin_search_path(request));
}

} // namespace

Options& options() {
  static Options the_options;
  return the_options;
}

BootedMachine& BootedMachine::get() {
  static BootedMachine machine;
  return machine;
}

BootedMachine::BootedMachine() : registry_(discover()) {
  if (auto booted = boot(); !booted) {
    problem_ =
        booted.error().message + (booted.error().help.empty() ? "" : "; ") + booted.error().help;
    session_.reset();
  }
}

BootedMachine::~BootedMachine() {
  session_.reset();
  if (handle_) {
    (void)(*handle_)->shut_down(kShutDownNs);
  }
  if (saved_ != nullptr) {
    forks_->destroy_template(saved_);
  }
}

MachineSpec BootedMachine::spec(std::uint64_t seed) const {
  return {.topology = view_,
          .memory_bytes = 384ULL << 20U,
          .kernel_image = kernel_image_,
          .kernel_cmdline = {},
          .seed = seed,
          .params = {},
          .regions = {}};
}

void BootedMachine::save() {
  if (forks_ != nullptr) {
    const Status status = forks_->save(**handle_, kSaveNs, &saved_);
    template_problem_ = status.ok() ? "" : status.message;
  }
}

Result<> BootedMachine::go_on_in_a_fork() {
  TRY(from_status((*handle_)->shut_down(kShutDownNs)));
  handle_.reset(); // its memory goes first
  Machine* fork = nullptr;
  TRY(from_status(forks_->create_machine(*saved_, spec(1), events_, &fork)));
  handle_ = std::make_unique<engine::MachineHandle>(*backend_, *fork, cancellation_);
  return from_status(fork->boot(kBootNs));
}

Result<> BootedMachine::boot() {
  const auto* backend_plugin = TRY(registry_.load(options().backend, PluginKind::kBackend));
  const auto* scheduler = TRY(registry_.load("eevdf", PluginKind::kScheduler));
  backend_ = query<Backend>(*backend_plugin->plugin);
  forks_ = query<ForkFacet>(*backend_plugin->plugin);
  if (backend_ == nullptr) {
    return fail(StatusCode::kInternal, "the plugin offers no backend");
  }
  if (options().host_topology) {
    topology_ = TRY(topology::read_host_shape()).topology;
    view_ = topology_.view();
  }
  BackendInfo info;
  backend_->info(&info);
  if (cpu_count(view_) > info.max_cpus) {
    return fail(StatusCode::kUnsupported,
                "the suite's machine has " + std::to_string(cpu_count(view_)) +
                    " CPUs, the backend offers " + std::to_string(info.max_cpus),
                "--topology=host takes this machine's, and skips what counts on the suite's");
  }
  if (info.needs_kernel_image != 0) {
    const auto cache = TRY(kernel::KernelCache::open());
    kernel_image_ = TRY(cache.find(options().kernel)).image.string();
  }
  handle_ = std::make_unique<engine::MachineHandle>(
      TRY(engine::MachineHandle::create(*backend_, spec(1), events_, cancellation_)));
  TRY(from_status((*handle_)->boot(kBootNs)));
  save();
  if (saved_ != nullptr && !options().cold) {
    TRY(go_on_in_a_fork());
  }
  Machine& machine = **handle_;
  auto* files = query<FilesFacet>(machine);
  auto* tasks = query<TasksFacet>(machine);
  auto* schedulers = query<SchedulersFacet>(machine);
  if (files == nullptr || tasks == nullptr || schedulers == nullptr) {
    return fail(StatusCode::kInternal, "the machine lacks files, tasks or schedulers");
  }
  TRY(from_status(schedulers->attach("eevdf", *scheduler->plugin, {}, kAttachNs)));
  TRY(load_schedulers(*schedulers));
  schedulers_facet_ = schedulers;
  files_ = files;
  tasks_ = tasks;
  session_ =
      std::make_unique<engine::Session>(machine, *files, *tasks, view_, events_, cancellation_);
  TRY(session_->read_online_cpus());
  std::istringstream controllers(TRY(session_->files().read("/sys/fs/cgroup/cgroup.controllers")));
  controllers_.assign(std::istream_iterator<std::string>(controllers), {});
  return {};
}

bool BootedMachine::has_controller(std::string_view name) const {
  return std::ranges::find(controllers_, name) != controllers_.end();
}

std::vector<engine::Missing> BootedMachine::missing(const Scenario& scenario) const {
  Scenario on_this = scenario;
  on_this.machine.topology = topology_;
  BackendInfo info;
  backend_->info(&info);
  return engine::missing_capabilities(on_this, options().backend, info,
                                      engine::read_facets(*backend_));
}

Result<> BootedMachine::load_schedulers(SchedulersFacet& facet) {
  Plugin* fifo = TRY(registry_.load("fifo", PluginKind::kScheduler))->plugin;
  Plugin* vtime = TRY(registry_.load("vtime", PluginKind::kScheduler))->plugin;
  Plugin* faulty = TRY(registry_.load("faulty", PluginKind::kScheduler))->plugin;
  BackendInfo info;
  backend_->info(&info);
  has_real_clock_ = info.clock == ClockKind::kReal;
  for (const std::string_view name : {"drop", "unknown_dsq", "restart", "init"}) {
    faults_.push_back(fault(name, has_real_clock_));
  }
  schedulers_ = {{"fifo", "fifo", fifo, {}},
                 {"vtime", "vtime", vtime, {}},
                 {"loses_a_task", "loses_a_task", faulty, faults_[0]},
                 {"breaks_a_rule", "breaks_a_rule", faulty, faults_[1]},
                 {"asks_for_restart", "asks_for_restart", faulty, faults_[2]},
                 {"refuses_init", "refuses_init", faulty, faults_[3]}};
  attaches_schedulers_ = facet.can_attach("fifo", *fifo).ok();
  return {};
}

engine::RunReport BootedMachine::run(const Scenario& scenario) {
  engine::Session session(**handle_, *files_, *tasks_, view_, events_, cancellation_);
  engine::RunReport report;
  report.backdrop.name = "backdrop";
  engine::SchedulerControl control(*schedulers_facet_, **handle_, events_, schedulers_,
                                   scenario.run, report, observer_);
  session.set_schedulers(control);
  if (auto online = session.read_online_cpus(); !online) {
    report.cause = std::move(online).error();
    return report;
  }
  engine::run_steps(scenario, session, observer_, report);
  if (!control.attached().empty()) { // the next case finds the kernel's own again
    if (auto detached = control.detach(); !detached && !report.cause) {
      report.cause = std::move(detached).error();
    }
  }
  return report;
}

} // namespace schedrig::contract
