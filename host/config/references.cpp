// SPDX-License-Identifier: MIT
#include "host/config/references.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>

#include "host/config/cgroup_scope.hpp"
#include "host/config/payload_references.hpp"
#include "host/text/duration.hpp"
#include "host/text/nearest.hpp"
#include "host/text/quote.hpp"

namespace schedrig::config {
namespace {

class Walker {
 public:
  Walker(Decoder& decoder, const Scenario& scenario) : decoder_(decoder), scenario_(scenario) {}

  void run() {
    declare(scenario_.backdrop.cgroups, Owner::kBackdrop);
    apply(scenario_.backdrop.ops, Owner::kBackdrop);
    for (const Step& step : scenario_.steps) {
      run_step(step);
    }
  }

 private:
  void run_step(const Step& step) {
    step_ = &step;
    if (const auto* loop = std::get_if<HoldLoop>(&step.hold)) {
      declare(step.setup, Owner::kStep);
      apply(step.ops, Owner::kStep);
      if (turns_again(*loop)) {
        again_ = true;
        apply(step.ops, Owner::kStep);
        again_ = false;
      }
    } else {
      apply(step.ops, Owner::kStep);
      declare(step.setup, Owner::kStep);
    }
    scope_.end_step();
    step_ = nullptr;
  }

  [[nodiscard]] bool turns_again(const HoldLoop& loop) const {
    if (const auto* fixed = std::get_if<HoldFixed>(&loop.during)) {
      return loop.every_ns < fixed->duration_ns;
    }
    const double share = std::get<HoldFraction>(loop.during).fraction;
    return static_cast<double>(loop.every_ns) <
           share * static_cast<double>(scenario_.run.duration_ns);
  }

  void declare(const std::vector<CgroupDef>& defs, Owner owner) {
    for (const CgroupDef& def : defs) {
      make(def.name, owner, def.pos, "name");
    }
  }

  void apply(const std::vector<Op>& ops, Owner owner) {
    for (const Op& op : ops) {
      op_ = &op;
      owner_ = owner;
      std::visit([&](const auto& body) { check(body); }, op.body);
    }
  }

  // --- what each op makes, removes and needs ----------------------------------------------------
  void check(const AddCgroup& op) { make(op.name, owner_, op_->pos, "name"); }
  void check(const AddCgroupDef& op) { make(op.def.name, owner_, op.def.pos, "name"); }
  void check(const RemoveCgroup& op) {
    if (!op.missing_ok) {
      need(op.cgroup, "cgroup");
    }
    scope_.remove(op.cgroup, op_->pos);
  }
  void check(const SwapCpusets& op) {
    need(op.a, "a");
    need(op.b, "b");
    if (op.a == op.b && !op.a.empty()) {
      report("b", "swap_cpusets of " + text::quote(op.a) + " with itself", "name two cgroups");
    }
  }
  void check(const MoveAllTasks& op) {
    if (op.to.empty()) {
      return; // its own error has been reported
    }
    if (op.from == op.to) {
      report("to", "move_all_tasks from " + text::quote(op.from) + " to itself",
             "name two cgroups");
      return;
    }
    const KnownCgroup* from = op.from.empty() ? nullptr : need(op.from, "from");
    const KnownCgroup* to = need(op.to, "to");
    if (from != nullptr && to != nullptr && owner_ == Owner::kStep &&
        from->owner == Owner::kBackdrop && to->owner == Owner::kStep) {
      report("to",
             text::quote(op.to) + " ends with this step, the workers of " + text::quote(op.from) +
                 " live longer",
             "declare " + text::quote(op.to) + " in the backdrop");
    }
  }
  void check(const Spawn& op) { need_optional(op.cgroup); }
  void check(const RunPayload& op) { need_optional(op.cgroup); }
  void check(const WaitPayload& op) { need_optional(op.cgroup); }
  void check(const KillPayload& op) { need_optional(op.cgroup); }

  // Ops with a `cgroup` need it; the rest needs nothing that the file knows.
  template <class T> void check(const T& op) {
    if constexpr (requires { op.cgroup; }) {
      need(op.cgroup, "cgroup");
    }
  }

  // --- names
  // --------------------------------------------------------------------------------------
  void make(const std::string& name, Owner owner, SourcePos pos, std::string_view key) {
    if (name.empty()) {
      return; // its own error has been reported
    }
    if (scope_.add(name, owner, pos) || decoder_.lost().may_have_been_removed(name)) {
      return;
    }
    const KnownCgroup& other = *scope_.find(name);
    if (again_ && other.owner == Owner::kStep && other.made.line == pos.line) {
      report_at(pos, key, "the loop makes " + text::quote(name) + " again in its second turn",
                "make it in the step's [[step.cgroup]], or remove it in the loop");
    } else {
      report_at(pos, key,
                "cgroup " + text::quote(name) + " exists: it was made at " +
                    line_of(scenario_, other.made, place(pos, key)),
                "choose another name, or remove that cgroup first");
    }
  }

  const KnownCgroup* need(const std::string& name, std::string_view key) {
    const KnownCgroup* known = scope_.find(name);
    if (known == nullptr && !name.empty() && !decoder_.lost().may_have_been_made(name)) {
      blame(name, key);
    }
    return known;
  }

  void need_optional(const std::optional<std::string>& name) {
    if (name) {
      const Node* op = decoder_.recall(op_->pos);
      const bool in_placement = op != nullptr && op->find("placement") != nullptr;
      need(*name, in_placement ? "placement" : "cgroup");
    }
  }

  void blame(const std::string& name, std::string_view key) {
    if (const CgroupDef* own = own_setup(name)) {
      const Node* step = decoder_.recall(step_->pos);
      if (step != nullptr && !decoder_.sound(step->find("hold"))) {
        return; // it may be meant to loop: then the setup comes first
      }
      report(key,
             text::quote(name) + " is made by this step's setup (" +
                 line_of(scenario_, own->pos, place(op_->pos, key)) + "), after its ops have run",
             "declare it in the [backdrop], or make it with add_cgroup_def before this op");
    } else if (const SourcePos* removed = scope_.removed(name)) {
      report(key,
             "cgroup " + text::quote(name) + " was removed at " +
                 line_of(scenario_, *removed, place(op_->pos, key)) +
                 (again_ ? ", and the loop runs this op again" : ""),
             "make it again with add_cgroup, or remove it later");
    } else {
      const auto names = scope_.names();
      report(key, "there is no cgroup " + text::quote(name) + " at this point",
             names.empty() ? "declare it in the [backdrop], or make it with add_cgroup before"
                           : text::suggest(name, names, "cgroups at this point"));
    }
  }

  [[nodiscard]] const CgroupDef* own_setup(const std::string& name) const {
    if (step_ == nullptr || std::holds_alternative<HoldLoop>(step_->hold)) {
      return nullptr;
    }
    const auto found = std::ranges::find(step_->setup, name, &CgroupDef::name);
    return found == step_->setup.end() ? nullptr : &*found;
  }

  // At the value of a key of the current op.
  void report(std::string_view key, std::string message, std::string help) {
    report_at(op_->pos, key, std::move(message), std::move(help));
  }

  void report_at(SourcePos table, std::string_view key, std::string message, std::string help) {
    decoder_.error(place(table, key), std::move(message), std::move(help));
  }

  [[nodiscard]] SourcePos place(SourcePos table, std::string_view key) const {
    const Node* node = decoder_.recall(table);
    const Node* value = node == nullptr ? nullptr : node->find(key);
    if (value != nullptr && value->find("cgroup") != nullptr) {
      value = value->find("cgroup"); // placement = { cgroup = "name" }
    }
    return value == nullptr ? table : value->pos;
  }

  Decoder& decoder_;
  const Scenario& scenario_;
  CgroupScope scope_;
  const Step* step_ = nullptr;
  const Op* op_ = nullptr;
  Owner owner_ = Owner::kBackdrop;
  bool again_ = false; // in the second turn of a loop
};

void check_step_names(Decoder& decoder, const Scenario& scenario) {
  std::unordered_map<std::string_view, SourcePos> seen;
  for (const Step& step : scenario.steps) {
    const auto [other, is_new] = seen.try_emplace(step.name, step.pos);
    if (is_new) {
      continue;
    }
    const Node* table = decoder.recall(step.pos);
    const Node* name = table == nullptr ? nullptr : table->find("name");
    const SourcePos place = name == nullptr ? step.pos : name->pos;
    decoder.error(place,
                  "step " + text::quote(step.name) + " exists: it begins at " +
                      line_of(scenario, other->second, place),
                  "reports tell steps apart by their names: choose another");
  }
}

double hold_ns(const Hold& hold, double duration_ns) {
  if (const auto* fixed = std::get_if<HoldFixed>(&hold)) {
    return static_cast<double>(fixed->duration_ns);
  }
  if (const auto* share = std::get_if<HoldFraction>(&hold)) {
    return share->fraction * duration_ns;
  }
  if (std::holds_alternative<HoldUntil>(hold)) {
    return 0; // the value may fit at once
  }
  return std::visit([&](const auto& during) { return hold_ns(Hold(during), duration_ns); },
                    std::get<HoldLoop>(hold).during);
}

// The step at which the holds alone no longer fit.
void check_holds(Decoder& decoder, const Scenario& scenario, const Node& document) {
  const Node* run = document.find("run");
  if (run != nullptr &&
      !(decoder.sound(run->find("duration")) && decoder.sound(run->find("deadline")))) {
    return;
  }
  double total = 0;
  for (const Step& step : scenario.steps) {
    total += hold_ns(step.hold, static_cast<double>(scenario.run.duration_ns));
    if (total <= static_cast<double>(scenario.run.deadline_ns)) {
      continue;
    }
    const Node* table = decoder.recall(step.pos);
    const Node* hold = table == nullptr ? nullptr : table->find("hold");
    decoder.error(hold == nullptr ? step.pos : hold->pos,
                  "with this step the holds add up to more than the deadline " +
                      text::quote(text::format_duration(scenario.run.deadline_ns)),
                  "raise run.deadline, or hold for less");
    return;
  }
}

} // namespace

std::string line_of(const Scenario& scenario, SourcePos pos, SourcePos here) {
  const std::string line = "line " + std::to_string(pos.line);
  if (pos.file == here.file || pos.file >= scenario.files.size()) {
    return line;
  }
  const std::string& name = scenario.files[pos.file];
  return name == "--set" ? name : name + ", " + line;
}

void check_references(Decoder& decoder, const Scenario& scenario, const Node& document) {
  Walker(decoder, scenario).run();
  check_step_names(decoder, scenario);
  check_holds(decoder, scenario, document);
  check_payload_references(decoder, scenario);
}

} // namespace schedrig::config
