// SPDX-License-Identifier: MIT
// The real realisation of a scheduler plugin: what a backend with a real kernel starts. Either a
// BPF object, which the backend's own loader loads, or a loader program with arguments.
//
// A plugin may offer this beside a simulation policy (sim_policy.hpp), under the same name and with
// the same parameters; TwofoldPlugin makes such a plugin of the two. Thread: host.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <schedrig/export.hpp>
#include <schedrig/params.hpp>
#include <schedrig/plugin.hpp>
#include <schedrig/sim_policy_adapter.hpp>
#include <schedrig/status.hpp>

namespace schedrig {

// As the key of a ParamSpec: any key that no other spec has, with a value of any type; it reaches
// the plugin as the config spells it.
inline constexpr std::string_view kAnyOtherParam = "*";

// Told of what to start, from inside describe(). Views are valid during the call.
class SchedExtProgramSink {
 public:
  // Path on the host of an object with one struct sched_ext_ops in SEC(".struct_ops.link").
  virtual void on_object(std::string_view path) noexcept = 0;
  // A global variable of the object, by name. The value is spelled as in C, or is the name of an
  // enumerator, or a text for an array of char; it is checked against the object's BTF.
  virtual void on_global(std::string_view name, std::string_view value) noexcept = 0;
  // A number in the object's struct sched_ext_ops: "timeout_ms".
  virtual void on_ops_field(std::string_view name, std::uint64_t value) noexcept = 0;
  // Or: a program that attaches a scheduler and keeps it until SIGTERM; a path, or a name that is
  // looked for in PATH. Arguments in order, without argv[0].
  virtual void on_binary(std::string_view path) noexcept = 0;
  virtual void on_arg(std::string_view arg) noexcept = 0;

 protected:
  ~SchedExtProgramSink() = default;
};

class SchedExtProgram {
 public:
  static constexpr std::string_view kInterfaceId = "schedrig.sched_ext_program/1";

  // params: as for create_policy. Errors refuse the attach.
  virtual Status describe(ParamsView params, SchedExtProgramSink& out) noexcept = 0;

 protected:
  ~SchedExtProgram() = default;
};

// Root object of a plugin with both realisations. Program::describe(params, out) is static,
// returns nothing or a Status, and may throw; Program::kObject is the object's path below the
// plugin's directory.
template <class Policy, class Program>
class TwofoldPlugin final : public Plugin, public SchedExtProgram {
 public:
  explicit TwofoldPlugin(HostServices& host)
      : policy_(host),
        object_(std::string(host.plugin_directory()) + "/" + std::string(Program::kObject)) {}

  void* query(std::string_view interface_id) noexcept override {
    return interface_id == SchedExtProgram::kInterfaceId ? static_cast<SchedExtProgram*>(this)
                                                         : policy_.query(interface_id);
  }
  Status describe(ParamsView params, SchedExtProgramSink& out) noexcept override {
    return guard("describe", [&] {
      out.on_object(object_);
      return Program::describe(params, out);
    });
  }

 private:
  PolicyPlugin<Policy> policy_;
  std::string object_;
};

} // namespace schedrig
