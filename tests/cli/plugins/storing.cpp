// SPDX-License-Identifier: MIT
// A backend whose templates can be stored: machines of mock, in files that say what they are of.
// `fail` names the call that does not do what it should. Built a second time without the facet.
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include <schedrig/export.hpp>

#include "plugins/mock/backend/create.hpp"
#include "plugins/mock/backend/forks.hpp"

namespace {

using namespace schedrig;

constexpr std::array kParams = {
    ParamSpec{.type = ParamType::kString,
              .key = "fail",
              .default_value = "",
              .doc = "save, store, load, create, boot, reset or dear_reset"},
    ParamSpec{.type = ParamType::kInteger,
              .key = "kib",
              .default_value = "1",
              .doc = "size of a template",
              .minimum = 1,
              .maximum = 65536},
};
constexpr std::string_view kWhole = "a whole template\n";

class Storing final : public Plugin, public Backend, public ForkFacet {
 public:
  explicit Storing(HostServices& /*host*/) {}

  void* query(std::string_view id) noexcept override {
    return id == Backend::kInterfaceId ? static_cast<void*>(static_cast<Backend*>(this))
           : id == ForkFacet::kInterfaceId && TEST_HAS_TEMPLATES ? static_cast<ForkFacet*>(this)
                                                                 : nullptr;
  }
  void info(BackendInfo* out) noexcept override { out->max_cpus = kMaxCpus; } // a real clock
  void facets(FactSink& sink) noexcept override {
    for (const std::string_view id :
         {"schedrig.files/1", "schedrig.tasks/1", "schedrig.schedulers/1", "schedrig.activity/1"}) {
      sink.on_fact(id, "");
    }
  }
  Status create_machine(const MachineSpec& spec, EventSink& events,
                        Machine** out) noexcept override {
    return mock::create(spec, events, nullptr, out);
  }
  void destroy_machine(Machine* machine) noexcept override {
    delete static_cast<mock::MockMachine*>(machine);
  }

  Status template_fields(const MachineSpec& spec, FactSink& sink) noexcept override {
    read(spec.params);
    return forks_.template_fields(spec, sink);
  }
  Status save(Machine& machine, std::int64_t timeout_ns, Template** out) noexcept override {
    return fails("save") ? broken("save") : forks_.save(machine, timeout_ns, out);
  }
  Status store(const Template& /*saved*/, std::string_view directory) noexcept override {
    std::ofstream file(std::filesystem::path(directory) / "state");
    file << kWhole << std::string(static_cast<std::size_t>(kib_) << 10U, 'x');
    return fails("store") ? broken("store") : Status{};
  }
  Status load(std::string_view directory, const MachineSpec& spec,
              Template** out) noexcept override {
    std::ifstream file(std::filesystem::path(directory) / "state");
    const std::string state(std::istreambuf_iterator<char>(file), {});
    if (fails("load") || !state.starts_with(kWhole)) {
      return Status::make(StatusCode::kBadData, "load: the template is damaged");
    }
    class NoEvents final : public EventSink {
      void on_event(const Event& /*event*/) noexcept override {}
    } events;
    Machine* booted = nullptr;
    Status status = mock::create(spec, events, nullptr, &booted);
    if (status.ok()) {
      status = booted->boot(0);
    }
    if (status.ok()) {
      status = forks_.save(*booted, 0, out);
    }
    destroy_machine(booted);
    return status;
  }
  Status create_machine(const Template& saved, const MachineSpec& spec, EventSink& events,
                        Machine** out) noexcept override {
    if (fails("create")) {
      return broken("create");
    }
    Status status = forks_.create_machine(saved, spec, events, out);
    return fails("boot") && status.ok() ? (*out)->boot(0) : status; // so that the host's boot fails
  }
  Status reset(Machine& machine, std::uint64_t seed, std::int64_t timeout_ns) noexcept override {
    if (fails("dear_reset")) {
      return Status::make(StatusCode::kUnsupported, "a new one costs less");
    }
    return fails("reset") ? broken("reset") : forks_.reset(machine, seed, timeout_ns);
  }
  void destroy_template(Template* saved) noexcept override { forks_.destroy_template(saved); }

 private:
  void read(ParamsView params) {
    for (const ParamValue& param : params) {
      if (param.key == "fail") {
        fail_ = param.text;
      } else if (param.key == "kib") {
        kib_ = param.integer;
      }
    }
  }
  [[nodiscard]] bool fails(std::string_view call) const { return fail_ == call; }
  static Status broken(std::string_view call) {
    return Status::make(StatusCode::kTimeout, std::string(call) + ": it broke");
  }

  mock::MockForks forks_;
  std::string fail_;
  std::int64_t kib_ = 1;
};

} // namespace

SCHEDRIG_PLUGIN(schedrig::PluginKind::kBackend, {.kind = schedrig::PluginKind::kBackend,
                                                 .id = TEST_PLUGIN_ID,
                                                 .name = "storing",
                                                 .version = "1",
                                                 .licence = "MIT",
                                                 .description = "keeps templates in files",
                                                 .params = kParams,
                                                 .create = schedrig::create_plugin<Storing>,
                                                 .destroy = schedrig::destroy_plugin<Storing>});
