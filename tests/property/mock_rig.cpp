// SPDX-License-Identifier: MIT
#include "tests/property/mock_rig.hpp"

#include <cstring>

#include <gtest/gtest.h>

#include <schedrig/files.hpp>
#include <schedrig/sim_policy_adapter.hpp>

#include "host/config/config.hpp"
#include "plugins/schedulers/eevdf/policy.hpp"
#include "plugins/schedulers/fifo/policy.hpp"
#include "plugins/schedulers/vtime/policy.hpp"

namespace schedrig::property {
namespace {

class NoServices final : public HostServices {
 public:
  void log(LogLevel /*level*/, std::string_view /*text*/) noexcept override {}
  [[nodiscard]] std::string_view plugin_directory() const noexcept override { return "/"; }
};

template <class Policy> Plugin& plugin_of() {
  static NoServices services;
  static PolicyPlugin<Policy> plugin(services);
  return plugin;
}

} // namespace

MockRig::MockRig(const Scenario& scenario)
    : topology_(scenario.machine.topology), view_(topology_.view()) {
  MachineSpec spec;
  spec.topology = view_;
  spec.memory_bytes = scenario.machine.memory_bytes;
  spec.seed = scenario.run.seed;
  machine_ = std::make_unique<mock::MockMachine>(spec, events_);
  EXPECT_TRUE(machine_->boot(1'000'000'000).ok());
  auto& facet = *query<SchedulersFacet>(*machine_);
  EXPECT_TRUE(facet.attach("eevdf", plugin_of<eevdf::Eevdf>(), {}, 1'000'000'000).ok());
  choices_ = {{"fifo", "fifo", &plugin_of<fifo::Fifo>(), {}},
              {"vtime", "vtime", &plugin_of<vtime::Vtime>(), {}}};
  session_ = std::make_unique<engine::Session>(*machine_, *query<FilesFacet>(*machine_),
                                               *query<TasksFacet>(*machine_), view_, events_,
                                               cancellation_);
  session_->set_deadline(scenario.run.deadline_ns);
  control_ = std::make_unique<engine::SchedulerControl>(facet, *machine_, events_, choices_,
                                                        scenario.run, report_, observer_);
  session_->set_schedulers(*control_);
  EXPECT_TRUE(session_->read_online_cpus());
  report_.backdrop.name = "backdrop";
}

MockRig::~MockRig() {
  EXPECT_TRUE(machine_->shut_down(1'000'000'000).ok());
}

std::string MockRig::read(const std::string& path) {
  const auto text = session_->files().read(path);
  return text ? *text : text.error().message;
}

std::string MockRig::list(const std::string& path) {
  struct Sink final : FileReplySink {
    void on_reply(std::uint32_t /*index*/, const FileReply& reply) noexcept override {
      text = reply.os_errno == 0 ? std::string(reply.data) : strerrorname_np(reply.os_errno);
    }
    std::string text;
  } sink;
  const FileOp op{.kind = FileOpKind::kList, .path = path, .data = {}};
  EXPECT_TRUE(query<FilesFacet>(*machine_)->run({&op, 1}, FileBatchMode::kAll, sink).ok());
  return sink.text;
}

std::string MockRig::remains() {
  return list("/proc") + list("/sys/fs/cgroup") + read("/sys/fs/cgroup/cgroup.procs") +
         read("/sys/kernel/sched_ext/state");
}

Scenario decoded(const std::string& text) {
  config::LoadOptions options;
  options.references = false; // the engine is to meet wrong names, too
  options.accept_unlanded = true;
  const config::LoadedConfig loaded = config::load_text(text, "property.toml", options);
  EXPECT_TRUE(loaded.ok()) << (loaded.ok() ? "" : loaded.diagnostics.front().message);
  return loaded.scenario;
}

} // namespace schedrig::property
