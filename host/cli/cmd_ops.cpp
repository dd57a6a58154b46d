// SPDX-License-Identifier: MIT
// `schedrig ops`: every op, what it does and whether this release carries it out; with --json also
// its parameters, the facets it needs and which backends have them here.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <schedrig/backend.hpp>
#include <schedrig/ops.hpp>

#include "host/cli/plugin_setup.hpp"
#include "host/cli/verb.hpp"
#include "host/config/explain.hpp"
#include "host/config/spell.hpp"
#include "host/engine/capability.hpp"
#include "host/json/text.hpp"

namespace schedrig::cli {
namespace {

using json::Value;

struct BackendFacets {
  std::string id;
  engine::Facets facets;
};

// Runs the plugins' code: what a backend can do on this host is known to nobody else.
std::vector<BackendFacets> usable_backends(const Globals& globals) {
  loader::Registry registry = plugin_registry(globals);
  std::vector<BackendFacets> backends;
  for (const loader::PluginListing& listing : registry.discovery().listings) {
    if (listing.state != loader::ListingState::kUsable || !listing.note ||
        listing.note->kind != static_cast<std::uint32_t>(PluginKind::kBackend)) {
      continue;
    }
    const auto loaded = registry.load(listing.name, PluginKind::kBackend);
    if (auto* backend = loaded ? query<Backend>(*(*loaded)->plugin) : nullptr) {
      backends.push_back({listing.name, engine::read_facets(*backend)});
    }
  }
  return backends;
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const std::size_t space = std::min(text.find(' '), text.size());
    words.emplace_back(text.substr(0, space));
    text.remove_prefix(std::min(space + 1, text.size()));
  }
  return words;
}

// Empty when the backend can do it, else why not.
std::string obstacle(const BackendFacets& backend, const std::vector<std::string>& facets) {
  for (const std::string& facet : facets) {
    const auto found = backend.facets.find(facet);
    if (found == backend.facets.end()) {
      return "lacks " + facet;
    }
    if (!found->second.empty()) {
      return facet + " not here: " + found->second;
    }
  }
  return "";
}

Value parameters_of(std::string_view op) {
  Value parameters = Value::array();
  const auto doc = config::find_key("step.op." + std::string(op));
  for (const config::FieldInfo& key : doc ? doc->below : std::vector<config::FieldInfo>{}) {
    Value parameter = Value::object();
    parameter.set("key", key.key);
    parameter.set("value", config::spell_type(key));
    parameter.set("required", key.required);
    if (!key.default_value.empty()) {
      parameter.set("default", key.default_value);
    }
    parameter.set("doc", key.doc);
    parameters.push(std::move(parameter));
  }
  return parameters;
}

Value describe(const OpInfo& info, const std::vector<BackendFacets>& backends) {
  const std::vector<std::string> facets = words_of(info.facets);
  Value op = Value::object();
  op.set("name", info.name);
  op.set("doc", info.doc);
  op.set("supported", info.landed);
  op.set("parameters", parameters_of(info.name));
  Value& needed = op.set("facets", Value::array());
  for (const std::string& facet : facets) {
    needed.push(facet);
  }
  Value on = Value::array();
  for (const BackendFacets& backend : backends) {
    const std::string why_not = obstacle(backend, facets);
    Value one = Value::object();
    one.set("backend", backend.id);
    one.set("able", why_not.empty());
    if (!why_not.empty()) {
      one.set("reason", why_not);
    }
    on.push(std::move(one));
  }
  op.set("backends", std::move(on));
  return op;
}

int list_ops() {
  for (const OpInfo& info : op_infos()) {
    std::printf("%-22s %s%s\n", std::string(info.name).c_str(), std::string(info.doc).c_str(),
                info.landed ? "" : " (not supported yet)");
  }
  return kExitPass;
}

int list_ops_json(const Globals& globals) {
  const auto backends = usable_backends(globals);
  Value ops = Value::array();
  for (const OpInfo& info : op_infos()) {
    ops.push(describe(info, backends));
  }
  Value document = Value::object();
  document.set("schema", 1);
  document.set("ops", std::move(ops));
  std::fputs(json::to_document(document).c_str(), stdout);
  return kExitPass;
}

} // namespace

void add_ops_verb(CLI::App& app, const Globals& globals, Action& action) {
  auto as_json = std::make_shared<bool>(false);
  CLI::App* verb = app.add_subcommand("ops", "list the operations of a scenario");
  verb->add_flag("--json", *as_json, "with parameters, and which backends can do each");
  verb->callback([&action, &globals, as_json] {
    action = [&globals, as_json] { return *as_json ? list_ops_json(globals) : list_ops(); };
  });
}

} // namespace schedrig::cli
