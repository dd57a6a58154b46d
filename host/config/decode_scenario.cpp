// SPDX-License-Identifier: MIT
#include "host/config/decode_scenario.hpp"

#include <array>

#include "host/config/decode_cgroup.hpp"
#include "host/config/decode_ops.hpp"
#include "host/config/layers.hpp"
#include "host/config/readers.hpp"

namespace schedrig::config {
namespace {

constexpr std::array kPluginsFields = {
    strings_key<&Scenario::plugin_path>("path", "folders to look for plugins in"),
};

void read_plugins(Decoder& decoder, const FieldInfo&, const Node& value, Scenario& to) {
  decode_table<Scenario>(decoder, value, "[plugins]", kPluginsFields, to);
}

// The keys of [backend] are the names of plugins, theirs are the plugins' own.
void read_backends(Decoder& decoder, const FieldInfo& info, const Node& value,
                   std::vector<BackendConfig>& to) {
  if (!decoder.is_table("[backend]", value)) {
    return;
  }
  for (const Member& member : value.members) {
    BackendConfig& backend = to.emplace_back();
    backend.name = member.key;
    backend.pos = member.key_pos;
    FieldInfo section = info;
    section.key = member.key;
    decode_params(decoder, section, member.value, backend.params);
  }
}

constexpr std::array kBackdropFields = {
    custom_key<&Backdrop::cgroups, decode_cgroup_defs>("cgroup", FieldKind::kTableList,
                                                       "cgroups that live for the whole run",
                                                       {.forms = list_of<cgroup_forms>}),
    custom_key<&Backdrop::ops, decode_ops>("op", FieldKind::kTableList,
                                           "what happens before the first step",
                                           {.forms = list_of<op_forms>}),
};

void read_backdrop(Decoder& decoder, const FieldInfo&, const Node& value, Backdrop& to) {
  decode_table<Backdrop>(decoder, value, "[backdrop]", kBackdropFields, to);
}

// Each file's own is read before everything else, by layers.cpp; this is the one that a --set may
// have changed.
void read_schema(Decoder& decoder, const FieldInfo& info, const Node& value, Scenario&) {
  (void)decoder.integer(info, value, kSchema, kSchema);
}

constexpr std::array kFields = {
    Field<Scenario>{make_info("schema", FieldKind::kInteger, "version of this format",
                              {.required = true, .minimum = kSchema, .maximum = kSchema}),
                    &read_schema},
    Field<Scenario>{make_info("extends", FieldKind::kList,
                              "files to lay below this one, relative to it, the first lowest",
                              {.forms = list_of<a_string>}),
                    &read_nothing<Scenario>}, // by layers.cpp
    custom_key<&Scenario::run, decode_run>("run", FieldKind::kTable, "what is run on what",
                                           {.forms = run_forms}),
    custom_key<&Scenario::machine, decode_machine>(
        "machine", FieldKind::kTable, "the machine under test", {.forms = machine_forms}),
    later_key<Scenario>("machines", FieldKind::kTableList, "several machines",
                        "a backend that connects machines"),
    Field<Scenario>{make_info("plugins", FieldKind::kTable, "where plugins are",
                              {.forms = a_table<Scenario, kPluginsFields>}),
                    &read_plugins},
    custom_key<&Scenario::backends, read_backends>("backend", FieldKind::kTable,
                                                   "[backend.NAME]: parameters of a backend"),
    custom_key<&Scenario::schedulers, decode_schedulers>("scheduler", FieldKind::kTableList,
                                                         "schedulers with parameters",
                                                         {.forms = list_of<scheduler_forms>}),
    custom_key<&Scenario::payloads, decode_payloads>("payload", FieldKind::kTableList,
                                                     "programs that ops may run",
                                                     {.forms = list_of<payload_forms>}),
    custom_key<&Scenario::workloads, decode_workloads>("workload", FieldKind::kTableList,
                                                       "workloads of other tools",
                                                       {.forms = list_of<workload_forms>}),
    custom_key<&Scenario::observe, decode_observe>(
        "observe", FieldKind::kTable, "periodic observation", {.forms = observe_forms}),
    custom_key<&Scenario::backdrop, read_backdrop>("backdrop", FieldKind::kTable,
                                                   "what lives for the whole run",
                                                   {.forms = a_table<Backdrop, kBackdropFields>}),
    custom_key<&Scenario::steps, decode_steps>(
        "step", FieldKind::kTableList, "what happens, in order", {.forms = list_of<step_forms>}),
    custom_key<&Scenario::checks, decode_checks>(
        "checks", FieldKind::kTable, "what the verdict is made of", {.forms = checks_forms}),
    custom_key<&Scenario::report, decode_report>("report", FieldKind::kTable, "files to write",
                                                 {.forms = report_forms}),
    later_key<Scenario>("matrix", FieldKind::kTable, "variants of the run",
                        "runs of one file in variants; give each a file that `extends` a common "
                        "one, or use --set"),
};
static_assert(well_formed<Scenario>(kPluginsFields));
static_assert(well_formed<Backdrop>(kBackdropFields));
static_assert(well_formed<Scenario>(kFields));

} // namespace

std::span<const Form> scenario_forms() {
  return a_table<Scenario, kFields>();
}

void decode_scenario(Decoder& decoder, const Node& document, Scenario& to) {
  decode_table<Scenario>(decoder, document, "the top level", kFields, to);
  const auto keys = keys_of(std::span<const Field<Scenario>>(kFields));
  if (document.find("step") == nullptr && !decoder.misspelt(document, "step", keys)) {
    decoder.error({.file = document.pos.file, .line = 0, .column = 0},
                  "there is no [[step]]: nothing would be run",
                  "add a [[step]] with a hold, such as hold = \"2s\"");
  }
}

} // namespace schedrig::config
