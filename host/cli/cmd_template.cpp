// SPDX-License-Identifier: MIT
// `schedrig template list|rm`: the booted machines that are kept for later runs.
#include <cstdio>
#include <ctime>
#include <memory>
#include <string>
#include <vector>

#include "host/cli/verb.hpp"
#include "host/json/text.hpp"
#include "host/json/value.hpp"
#include "host/templates/template_cache.hpp"

namespace schedrig::cli {
namespace {

using json::Value;
using templates::TemplateCache;
using templates::TemplateEntry;

constexpr std::uint64_t kNothingIsAdded = 0;

std::string time_text(std::int64_t seconds) {
  const auto at = static_cast<std::time_t>(seconds);
  std::tm utc{};
  char text[sizeof("2026-01-31 23:59:59 UTC")] = {};
  const bool told = ::gmtime_r(&at, &utc) != nullptr &&
                    std::strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", &utc) > 0;
  return told ? text : std::to_string(seconds);
}

void print(const TemplateEntry& entry) {
  constexpr std::uint64_t kMiB = 1U << 20U;
  std::printf("%s  %llu MiB, used %s\n", entry.key.c_str(),
              static_cast<unsigned long long>((entry.bytes + kMiB - 1) / kMiB),
              time_text(entry.last_used_s).c_str());
  for (const auto& [key, value] : entry.fields) {
    std::printf("    %-16s %s\n", key.c_str(), value.c_str());
  }
}

Value describe(const TemplateEntry& entry) {
  Value value = Value::object();
  value.set("key", entry.key);
  value.set("bytes", entry.bytes);
  value.set("last_used_s", entry.last_used_s);
  Value& fields = value.set("fields", Value::object());
  for (const auto& [key, field] : entry.fields) {
    fields.set(key, field);
  }
  return value;
}

int list(bool as_json) {
  const auto cache = TemplateCache::open(kNothingIsAdded);
  if (!cache) {
    return report_error(cache.error(), exit_code_for(cache.error()));
  }
  const auto entries = cache->list();
  if (as_json) {
    Value document = Value::object();
    document.set("schema", 1);
    document.set("directory", cache->dir().string());
    Value& all = document.set("templates", Value::array());
    for (const TemplateEntry& entry : entries) {
      all.push(describe(entry));
    }
    std::fputs(json::to_document(document).c_str(), stdout);
    return kExitPass;
  }
  if (entries.empty()) {
    std::fprintf(stderr,
                 "no templates in %s; a run on this machine that boots one keeps it there (the lab "
                 "keeps its own)\n",
                 cache->dir().c_str());
  }
  for (const TemplateEntry& entry : entries) {
    print(entry);
  }
  return kExitPass;
}

struct RemoveOptions {
  std::string key;
  bool all = false;
  bool as_json = false;
};

int remove(const RemoveOptions& options) {
  if (options.key.empty() != options.all) {
    return report_error({StatusCode::kInvalidArgument,
                         options.all ? "both a key and --all" : "neither a key nor --all",
                         "`schedrig template list` shows the keys", 0},
                        kExitUsage);
  }
  const auto cache = TemplateCache::open(kNothingIsAdded);
  if (!cache) {
    return report_error(cache.error(), exit_code_for(cache.error()));
  }
  std::vector<std::string> keys = {options.key};
  if (options.all) {
    keys.clear();
    for (const TemplateEntry& entry : cache->list()) {
      keys.push_back(entry.key);
    }
  }
  int exit_code = kExitPass;
  Value removed = Value::array();
  for (const std::string& key : keys) {
    const auto done = cache->remove(key);
    if (!done) {
      exit_code = report_error(done.error(), exit_code_for(done.error()));
    } else if (options.as_json) {
      removed.push(Value(*done));
    } else {
      std::printf("removed %s\n", done->c_str());
    }
  }
  if (options.as_json) {
    Value document = Value::object();
    document.set("schema", 1);
    document.set("removed", std::move(removed));
    std::fputs(json::to_document(document).c_str(), stdout);
  }
  return exit_code;
}

} // namespace

void add_template_verb(CLI::App& app, const Globals& /*globals*/, Action& action) {
  CLI::App* verb = app.add_subcommand("template", "the booted machines that runs start from");
  verb->require_subcommand(1);

  auto as_json = std::make_shared<bool>(false);
  CLI::App* list_verb = verb->add_subcommand("list", "what is kept, the one used last first");
  list_verb->add_flag("--json", *as_json, "one document");
  list_verb->callback([&action, as_json] { action = [as_json] { return list(*as_json); }; });

  auto options = std::make_shared<RemoveOptions>();
  CLI::App* remove_verb = verb->add_subcommand("rm", "delete a template, or all");
  remove_verb->add_option("KEY", options->key, "its key, or how it begins");
  remove_verb->add_flag("--all", options->all, "all of them");
  remove_verb->add_flag("--json", options->as_json, "the keys of what was deleted");
  remove_verb->callback([&action, options] { action = [options] { return remove(*options); }; });
}

} // namespace schedrig::cli
