// SPDX-License-Identifier: MIT
#include "host/config/payload_references.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "host/config/references.hpp"
#include "host/text/nearest.hpp"
#include "host/text/quote.hpp"

namespace schedrig::config {
namespace {

// Follows the order of a run, as the walk over cgroups does.
class PayloadWalker {
 public:
  PayloadWalker(Decoder& decoder, const Scenario& scenario)
      : decoder_(decoder), scenario_(scenario) {}

  void run() {
    note_schedulers();
    for (const PayloadDef& def : scenario_.payloads) {
      declare(def);
    }
    set_up(scenario_.backdrop.cgroups, of_backdrop_);
    apply(scenario_.backdrop.ops, of_backdrop_);
    for (const Step& step : scenario_.steps) {
      const bool loops = std::holds_alternative<HoldLoop>(step.hold);
      if (loops) {
        set_up(step.setup, of_step_);
      }
      apply(step.ops, of_step_);
      if (!loops) {
        set_up(step.setup, of_step_);
      }
      of_step_.clear(); // a step's payloads end with it
    }
  }

 private:
  using Names = std::set<std::string_view>;

  void note_schedulers() {
    schedulers_.insert(scenario_.run.scheduler);
    for (const SchedulerConfig& scheduler : scenario_.schedulers) {
      schedulers_.insert(scheduler.name);
    }
    const auto note = [this](const std::vector<Op>& ops) {
      for (const Op& op : ops) {
        if (const auto* attach = std::get_if<AttachScheduler>(&op.body)) {
          schedulers_.insert(attach->scheduler);
        } else if (const auto* replace = std::get_if<ReplaceScheduler>(&op.body)) {
          schedulers_.insert(replace->scheduler);
        }
      }
    };
    note(scenario_.backdrop.ops);
    for (const Step& step : scenario_.steps) {
      note(step.ops);
    }
  }

  void declare(const PayloadDef& def) {
    if (def.name.empty()) {
      return; // its own error has been reported
    }
    const auto [other, is_new] = declared_.try_emplace(def.name, def.pos);
    if (!is_new) {
      report(def.pos, "name",
             "payload " + text::quote(def.name) + " exists: it is declared at " +
                 line_of(scenario_, other->second, place(def.pos, "name")),
             "choose another name");
    } else if (schedulers_.contains(def.name)) {
      report(def.pos, "name", text::quote(def.name) + " is the name of a scheduler of this run",
             "choose another name");
    }
  }

  void set_up(const std::vector<CgroupDef>& defs, Names& started) {
    for (const CgroupDef& def : defs) {
      start_in(def, started);
    }
  }

  void start_in(const CgroupDef& def, Names& started) {
    if (!def.payload.empty()) {
      need_declared(def.payload, def.pos, "payload");
      started.insert(def.payload);
    }
  }

  void apply(const std::vector<Op>& ops, Names& started) {
    for (const Op& op : ops) {
      if (const auto* run = std::get_if<RunPayload>(&op.body)) {
        need_declared(run->payload, op.pos, "payload");
        started.insert(run->payload);
      } else if (const auto* wait = std::get_if<WaitPayload>(&op.body)) {
        need_started(wait->name, op.pos);
      } else if (const auto* kill = std::get_if<KillPayload>(&op.body)) {
        need_started(kill->name, op.pos);
      } else if (const auto* add = std::get_if<AddCgroupDef>(&op.body)) {
        start_in(add->def, started);
      }
    }
  }

  bool need_declared(std::string_view name, SourcePos table, std::string_view key) {
    if (name.empty() || declared_.contains(name) || decoder_.lost().may_have_been_made(name)) {
      return true;
    }
    if (schedulers_.contains(name)) {
      report(table, key, text::quote(name) + " is a scheduler, not a payload",
             "attach_scheduler starts it");
      return false;
    }
    std::vector<std::string_view> names;
    std::ranges::transform(scenario_.payloads, std::back_inserter(names), &PayloadDef::name);
    report(table, key, "no payload " + text::quote(name) + " is declared",
           names.empty() ? "declare it in a [[payload]]"
                         : text::suggest(name, names, "declared payloads"));
    return false;
  }

  void need_started(std::string_view name, SourcePos op) {
    if (!need_declared(name, op, "name") || name.empty() ||
        decoder_.lost().may_have_been_made(name) || of_backdrop_.contains(name) ||
        of_step_.contains(name)) {
      return;
    }
    report(op, "name", "nothing has started payload " + text::quote(name) + " at this point",
           "start it with run_payload before; a step's payloads end with the step");
  }

  [[nodiscard]] SourcePos place(SourcePos table, std::string_view key) const {
    const Node* node = decoder_.recall(table);
    const Node* value = node == nullptr ? nullptr : node->find(key);
    return value == nullptr ? table : value->pos;
  }

  void report(SourcePos table, std::string_view key, std::string message, std::string help) {
    decoder_.error(place(table, key), std::move(message), std::move(help));
  }

  Decoder& decoder_;
  const Scenario& scenario_;
  Names schedulers_;
  std::unordered_map<std::string_view, SourcePos> declared_;
  Names of_backdrop_; // started, and not known to have ended
  Names of_step_;
};

} // namespace

void check_payload_references(Decoder& decoder, const Scenario& scenario) {
  PayloadWalker(decoder, scenario).run();
}

} // namespace schedrig::config
