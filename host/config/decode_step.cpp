// SPDX-License-Identifier: MIT
#include <array>
#include <string>

#include "host/config/decode_cgroup.hpp"
#include "host/config/decode_kernel.hpp"
#include "host/config/decode_ops.hpp"
#include "host/config/decode_scenario.hpp"
#include "host/config/readers.hpp"
#include "host/text/duration.hpp"
#include "host/text/percent.hpp"
#include "host/text/quote.hpp"

namespace schedrig::config {
namespace {

constexpr std::int64_t kDay = 86'400'000'000'000;
// A loop that turns faster measures the rig instead of the scheduler.
constexpr More kEvery{.required = true, .minimum = 1'000'000, .maximum = kDay};
constexpr More kFixed{.default_value = "0s", .minimum = 0, .maximum = kDay};

using TimeOrShare = std::variant<HoldFraction, HoldFixed>;

// "10%" or "2s".
std::optional<TimeOrShare> time_or_share(Decoder& decoder, const FieldInfo& info,
                                         const Node& value) {
  if (value.type == NodeType::kString && value.text.ends_with('%')) {
    const auto fraction = text::parse_percent(value.text);
    if (!fraction) {
      decoder.error(value.pos, std::string(info.key) + ": " + fraction.error().message,
                    fraction.error().help);
      return std::nullopt;
    }
    return HoldFraction{*fraction};
  }
  FieldInfo duration = info;
  duration.kind = FieldKind::kDuration;
  duration.minimum = kFixed.minimum;
  duration.maximum = kFixed.maximum;
  if (const auto nanoseconds = decoder.duration(duration, value)) {
    return HoldFixed{*nanoseconds};
  }
  return std::nullopt;
}

void read_during(Decoder& decoder, const FieldInfo& info, const Node& value, TimeOrShare& to) {
  if (const auto during = time_or_share(decoder, info, value)) {
    to = *during;
  }
}

constexpr std::array kTimeOrShareForms = {
    Form{.kind = FieldKind::kDuration},
    Form{.kind = FieldKind::kString, .pattern = R"([0-9]+(\.[0-9]+)?%)", .noun = "a percentage"},
};
constexpr std::array kLoopFields = {
    duration_key<&HoldLoop::every_ns>("every", "from one turn of the ops to the next", kEvery),
    custom_key<&HoldLoop::during, read_during>(
        "for", FieldKind::kDuration, "how long; the run's duration by default",
        {.default_value = "100%", .forms = as_forms<kTimeOrShareForms>}),
};
constexpr std::array kUntilFields = {
    custom_key<&HoldUntil::target, decode_target>("read", FieldKind::kTable, "what is read",
                                                  {.required = true, .forms = target_forms}),
    custom_key<&HoldUntil::width, decode_width>("width", FieldKind::kChoice, "\"u32\" or \"u64\"",
                                                {.required = true, .forms = width_forms}),
    Field<HoldUntil>{make_info("op", FieldKind::kString, "==, !=, <, <=, > or >=",
                               {.required = true, .forms = compare_op_forms}),
                     [](Decoder& decoder, const FieldInfo& info, const Node& value, HoldUntil& to) {
                       decode_compare_op(decoder, info, value, to.comparison.op);
                     }},
    Field<HoldUntil>{make_info("value", FieldKind::kInteger, "what to compare with, unsigned",
                               {.required = true, .forms = a_word64}),
                     [](Decoder& decoder, const FieldInfo& info, const Node& value, HoldUntil& to) {
                       assign(to.comparison.value,
                              decoder.word64(info, value).value_or(to.comparison.value));
                     }},
    duration_key<&HoldUntil::timeout_ns>("timeout", "how long to wait before the step fails",
                                         {.required = true, .minimum = 1, .maximum = kDay}),
};

void read_until(Decoder& decoder, const FieldInfo& info, const Node& value, HoldUntil& to) {
  decode_table<HoldUntil>(decoder, value, info.key, kUntilFields, to);
  if (std::holds_alternative<BytesWidth>(to.width)) {
    decoder.error(value.find("width")->pos, "wait_until compares a number",
                  "width = \"u32\" or \"u64\"");
  }
}

struct WaitUntil {
  HoldUntil until;
};
constexpr std::array kWaitFields = {custom_key<&WaitUntil::until, read_until>(
    "wait_until", FieldKind::kTable, "until a kernel value fits",
    {.required = true, .forms = a_table<HoldUntil, kUntilFields>})};

constexpr std::array kHoldForms = {
    kTimeOrShareForms[0],
    kTimeOrShareForms[1],
    kTableForm<HoldLoop, kLoopFields>,
    kTableForm<WaitUntil, kWaitFields>,
};

void read_loop(Decoder& decoder, const Node& value, Hold& to) {
  const std::size_t before = decoder.errors();
  HoldLoop loop;
  decode_table<HoldLoop>(decoder, value, "hold", kLoopFields, loop);
  if (decoder.errors() != before) {
    return;
  }
  const auto* fixed = std::get_if<HoldFixed>(&loop.during);
  if (fixed != nullptr && loop.every_ns > fixed->duration_ns) {
    decoder.error(value.pos,
                  "every " + text::quote(text::format_duration(loop.every_ns)) +
                      " is longer than for " +
                      text::quote(text::format_duration(fixed->duration_ns)),
                  "the ops would run once: then write the hold without a loop");
    return;
  }
  to = loop;
}

void read_hold(Decoder& decoder, const FieldInfo& info, const Node& value, Hold& to) {
  if (value.type == NodeType::kTable) {
    if (value.find("wait_until") != nullptr) {
      WaitUntil wait;
      decode_table<WaitUntil>(decoder, value, "hold", kWaitFields, wait);
      to = wait.until;
    } else {
      read_loop(decoder, value, to);
    }
    return;
  }
  if (const auto hold = time_or_share(decoder, info, value)) {
    std::visit([&](const auto& some) { to = some; }, *hold);
  }
}

void read_step_name(Decoder& decoder, const FieldInfo& info, const Node& value, std::string& to) {
  const auto name = decoder.string(info, value);
  if (name && name->empty()) {
    decoder.error(value.pos, "a step's name is empty", "leave it out: \"step N\" is the default");
  } else if (name) {
    to = *name;
  }
}

constexpr std::array kStepFields = {
    custom_key<&Step::name, read_step_name>("name", FieldKind::kString,
                                            "the step's name in reports; \"step N\" by default"),
    custom_key<&Step::hold, read_hold>("hold", FieldKind::kChoice,
                                       "\"10%\" of the duration, \"2s\", { every, for } or "
                                       "{ wait_until }",
                                       {.default_value = "0s", .forms = as_forms<kHoldForms>}),
    custom_key<&Step::setup, decode_cgroup_defs>("cgroup", FieldKind::kTableList,
                                                 "cgroups that are made after the ops",
                                                 {.forms = list_of<cgroup_forms>}),
    custom_key<&Step::ops, decode_ops>("op", FieldKind::kTableList, "what happens, in order",
                                       {.forms = list_of<op_forms>}),
};
static_assert(well_formed<HoldLoop>(kLoopFields));
static_assert(well_formed<HoldUntil>(kUntilFields));
static_assert(well_formed<WaitUntil>(kWaitFields));
static_assert(well_formed<Step>(kStepFields));

} // namespace

std::span<const Form> step_forms() {
  return a_table<Step, kStepFields>();
}

void decode_steps(Decoder& decoder, const FieldInfo& info, const Node& value,
                  std::vector<Step>& to) {
  if (value.type != NodeType::kArray) {
    decoder.wrong_type(info.key, value, FieldKind::kTableList);
    return;
  }
  to.reserve(value.items.size());
  for (const Node& item : value.items) {
    Step& step = to.emplace_back();
    step.pos = item.pos;
    decoder.remember(item);
    decode_table<Step>(decoder, item, "[[step]]", kStepFields, step);
    if (step.name.empty()) {
      step.name = "step " + std::to_string(to.size());
    }
  }
}

} // namespace schedrig::config
