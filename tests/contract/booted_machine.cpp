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
constexpr std::int64_t kShutDownNs = 5'000'000'000;

// The fault comes after every worker has run once; the watchdog is as short as a test's patience.
constexpr std::int64_t kFaultAfterNs = 50'000'000;
constexpr std::int64_t kWatchdogNs = 500'000'000;

constexpr std::array<ParamValue, 3> fault(std::string_view name) {
  return {ParamValue{.type = ParamType::kString, .key = "fault", .text = name},
          ParamValue{
              .type = ParamType::kDuration, .key = "after", .integer = kFaultAfterNs, .text = {}},
          ParamValue{
              .type = ParamType::kDuration, .key = "watchdog", .integer = kWatchdogNs, .text = {}}};
}
constexpr auto kDrop = fault("drop");
constexpr auto kUnknownDsq = fault("unknown_dsq");
constexpr auto kRestart = fault("restart");
constexpr auto kInit = fault("init");

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
}

Result<> BootedMachine::boot() {
  const auto* backend_plugin = TRY(registry_.load(options().backend, PluginKind::kBackend));
  const auto* scheduler = TRY(registry_.load("eevdf", PluginKind::kScheduler));
  backend_ = query<Backend>(*backend_plugin->plugin);
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
  std::string image;
  if (info.needs_kernel_image != 0) {
    const auto cache = TRY(kernel::KernelCache::open());
    image = TRY(cache.find(options().kernel)).image.string();
  }
  const MachineSpec spec = {.topology = view_,
                            .memory_bytes = 384ULL << 20U,
                            .kernel_image = image,
                            .kernel_cmdline = {},
                            .seed = 1,
                            .params = {}};
  handle_ = std::make_unique<engine::MachineHandle>(
      TRY(engine::MachineHandle::create(*backend_, spec, events_, cancellation_)));
  Machine& machine = **handle_;
  TRY(from_status(machine.boot(kBootNs)));
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
  schedulers_ = {{"fifo", "fifo", fifo, {}},
                 {"vtime", "vtime", vtime, {}},
                 {"loses_a_task", "loses_a_task", faulty, kDrop},
                 {"breaks_a_rule", "breaks_a_rule", faulty, kUnknownDsq},
                 {"asks_for_restart", "asks_for_restart", faulty, kRestart},
                 {"refuses_init", "refuses_init", faulty, kInit}};
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
