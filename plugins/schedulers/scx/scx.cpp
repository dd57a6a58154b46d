// SPDX-License-Identifier: MIT
// The plugin `scx`: any sched_ext scheduler, as a BPF object or as a loader program. It has no
// simulation policy: a real kernel runs it.
#include <array>
#include <string>

#include <schedrig/sched_ext_program.hpp>

namespace {

using schedrig::ParamSpec;
using schedrig::ParamType;
using schedrig::ParamValue;

constexpr std::array kParams = {
    ParamSpec{.type = ParamType::kString,
              .key = "object",
              .default_value = {},
              .doc = "a BPF object with one struct sched_ext_ops; or give binary"},
    ParamSpec{.type = ParamType::kString,
              .key = "binary",
              .default_value = {},
              .doc = "a program that attaches a scheduler and keeps it until SIGTERM"},
    ParamSpec{.type = ParamType::kString,
              .key = "args[]",
              .default_value = {},
              .doc = "arguments of the program"},
    ParamSpec{.type = ParamType::kString,
              .key = schedrig::kAnyOtherParam,
              .default_value = {},
              .doc = "a global variable of the object, checked against its BTF"}};

class Scx final : public schedrig::Plugin, public schedrig::SchedExtProgram {
 public:
  explicit Scx(schedrig::HostServices& /*host*/) {}

  void* query(std::string_view interface_id) noexcept override {
    return interface_id == SchedExtProgram::kInterfaceId ? static_cast<SchedExtProgram*>(this)
                                                         : nullptr;
  }

  schedrig::Status describe(schedrig::ParamsView params,
                            schedrig::SchedExtProgramSink& out) noexcept override {
    return schedrig::guard("describe", [&]() -> schedrig::Status {
      const bool has_object = schedrig::find_param(params, "object") != nullptr;
      for (const ParamValue& param : params) {
        if (param.key == "object") {
          out.on_object(param.text);
        } else if (param.key == "binary") {
          out.on_binary(param.text);
        } else if (param.key.starts_with("args[")) {
          out.on_arg(param.text);
        } else if (!has_object) {
          return refuse(param, "is for an object's global variable, and no object is given");
        } else if (param.type == ParamType::kFloat) {
          return refuse(param, "is a float, which no BPF program has");
        } else {
          out.on_global(param.key, spelled(param));
        }
      }
      return {};
    });
  }

 private:
  static schedrig::Status refuse(const ParamValue& param, std::string_view why) {
    return schedrig::Status::make(schedrig::StatusCode::kInvalidArgument,
                                  std::string(param.key) + " " + std::string(why),
                                  "params are global variables of the object, by name");
  }
  static std::string spelled(const ParamValue& param) {
    if (param.type == ParamType::kBool) {
      return param.integer != 0 ? "true" : "false";
    }
    return param.type == ParamType::kString ? std::string(param.text)
                                            : std::to_string(param.integer);
  }
};

} // namespace

SCHEDRIG_PLUGIN(schedrig::PluginKind::kScheduler,
                {.kind = schedrig::PluginKind::kScheduler,
                 .id = "scx",
                 .name = "sched_ext",
                 .version = SCHEDRIG_VERSION,
                 .licence = "MIT",
                 .description = "any sched_ext scheduler: a BPF object, or a loader program",
                 .params = kParams,
                 .create = schedrig::create_plugin<Scx>,
                 .destroy = schedrig::destroy_plugin<Scx>});
