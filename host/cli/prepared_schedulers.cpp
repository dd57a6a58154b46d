// SPDX-License-Identifier: MIT
#include "host/cli/prepared_schedulers.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>

#include "host/cli/plugin_setup.hpp"
#include "host/text/quote.hpp"

namespace schedrig::cli {
namespace {

using engine::kKernelsOwn;

class Preparation {
 public:
  Preparation(PreparedRun& run, loader::Registry& registry, const KnownProblems& known)
      : run_(run), registry_(registry), known_(known) {}

  int prepare() {
    const RunConfig& config = run_.scenario.run;
    const bool sound = known_.places.sound("run.scheduler"); // else its parameters are nobody's
    const bool own = config.scheduler == kKernelsOwn;
    if (const int code = load(std::string(kKernelsOwn), {},
                              own && sound ? config.scheduler_params : ConfigParams{},
                              of_run(config), run_.kernels_own)) {
      return code;
    }
    for (const SchedulerConfig& one : run_.scenario.schedulers) {
      if (one.name.empty() || one.plugin.empty()) {
        continue; // its own error has been reported
      }
      if (one.plugin == kKernelsOwn) {
        problem(known_.places.of(one.pos, "plugin"),
                "[[scheduler]] " + text::quote(one.name) + " is of plugin eevdf",
                "eevdf is the kernel's own and runs while nothing is attached");
      } else if (const int code = add(one.name, one.pos, {})) {
        return code;
      }
    }
    if (!own && sound) {
      if (const int code = add(config.scheduler, config.scheduler_pos, config.scheduler_params)) {
        return code;
      }
    }
    return of_all_ops();
  }

 private:
  [[nodiscard]] config::ParamsTable of_run(const RunConfig& run) const {
    return {.name = "scheduler_params",
            .pos = run.scheduler_pos,
            .complete = known_.places.sound("run.scheduler_params")};
  }

  int of_all_ops() {
    if (const int code = of_ops(run_.scenario.backdrop.ops)) {
      return code;
    }
    for (const Step& step : run_.scenario.steps) {
      if (const int code = of_ops(step.ops)) {
        return code;
      }
    }
    return kExitPass;
  }

  int of_ops(const std::vector<Op>& ops) {
    for (const Op& op : ops) {
      std::string name;
      if (const auto* attach = std::get_if<AttachScheduler>(&op.body)) {
        name = attach->scheduler;
      } else if (const auto* replace = std::get_if<ReplaceScheduler>(&op.body)) {
        name = replace->scheduler;
      } else {
        continue;
      }
      if (name.empty()) {
        continue; // its own error has been reported
      }
      const SourcePos pos = known_.places.of(op.pos, "scheduler");
      if (name == kKernelsOwn) {
        problem(pos, "eevdf is the kernel's own scheduler: it cannot be attached",
                "detach_scheduler leads back to it");
      } else if (const int code = add(name, pos, {})) {
        return code;
      }
    }
    return kExitPass;
  }

  // `params` are [run] scheduler_params: of a plugin, not of a [[scheduler]], which has its own.
  int add(const std::string& name, SourcePos pos, const ConfigParams& params) {
    const auto& declared = run_.scenario.schedulers;
    const auto found = std::ranges::find(declared, name, &SchedulerConfig::name);
    if (found != declared.end() && !params.empty()) {
      problem(params.front().key_pos, "scheduler_params beside [[scheduler]] " + text::quote(name),
              "write them as params of that [[scheduler]]");
    }
    const auto known = [&](const PreparedScheduler& each) { return each.choice.name == name; };
    if (std::ranges::any_of(run_.schedulers, known)) {
      return kExitPass;
    }
    if (found == declared.end() && !is_listed(registry_, name) &&
        known_.lost.may_have_been_made(name)) {
      return kExitPass; // the name of a [[scheduler]] with errors
    }
    PreparedScheduler& out = run_.schedulers.emplace_back();
    if (found == declared.end()) {
      return load(name, pos, params, of_run(run_.scenario.run), out);
    }
    if (found->plugin.empty()) {
      return kExitPass;
    }
    const std::string where = "params of [[scheduler]] " + text::quote(name);
    const int code = load(
        found->plugin, known_.places.of(found->pos, "plugin"), found->params,
        {.name = where, .pos = found->pos, .complete = known_.places.sound(found->pos, "params")},
        out);
    out.choice.name = out.choice.label = name;
    return code;
  }

  int load(const std::string& plugin, SourcePos pos, const ConfigParams& params,
           const config::ParamsTable& table, PreparedScheduler& out) {
    const auto loaded = registry_.load(plugin, PluginKind::kScheduler);
    if (!loaded) {
      const Error& error = loaded.error();
      if (error.code != StatusCode::kNotFound || pos.line == 0) {
        return report_error(error, exit_code_for(error));
      }
      problem(pos, error.message, error.help);
      return kExitPass;
    }
    out.choice.name = plugin;
    out.choice.label = (*loaded)->id;
    out.choice.plugin = (*loaded)->plugin;
    out.params = config::bind_params(params, (*loaded)->descriptor->params, table);
    out.choice.params = out.params.view();
    const auto& wrong = out.params.diagnostics();
    known_.problems.insert(known_.problems.end(), wrong.begin(), wrong.end());
    return kExitPass;
  }

  void problem(SourcePos pos, std::string message, std::string help) {
    known_.problems.push_back({.pos = pos, .message = std::move(message), .help = std::move(help)});
  }

  PreparedRun& run_;
  loader::Registry& registry_;
  const KnownProblems& known_;
};

} // namespace

std::vector<engine::SchedulerChoice> PreparedRun::choices() const {
  std::vector<engine::SchedulerChoice> all;
  std::ranges::transform(schedulers, std::back_inserter(all), &PreparedScheduler::choice);
  return all;
}

int prepare_schedulers(PreparedRun& run, loader::Registry& registry, const KnownProblems& known) {
  return Preparation(run, registry, known).prepare();
}

} // namespace schedrig::cli
