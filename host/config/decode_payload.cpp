// SPDX-License-Identifier: MIT
// [[payload]]: programs that a scenario may run, and what their results must be.
#include <algorithm>
#include <array>

#include "host/config/decode_scenario.hpp"
#include "host/config/readers.hpp"
#include "host/text/quote.hpp"

namespace schedrig::config {
namespace {

constexpr std::array kCheckFields = {
    string_key<&PayloadCheck::metric>(
        "metric", "a metric of the payload: exit_code, wall_ns, cpu_ns or one of its output",
        kRequired),
    number_key<&PayloadCheck::equals>("equals", "the value that it must have"),
    number_key<&PayloadCheck::minimum>("min", "the least that it may be"),
    number_key<&PayloadCheck::maximum>("max", "the most that it may be"),
    bool_key<&PayloadCheck::exists>("exists", "it must be there, whatever its value",
                                    {.default_value = "false"}),
};

void read_check(Decoder& decoder, const Node& value, PayloadCheck& to) {
  const std::size_t before = decoder.errors();
  to.pos = value.pos;
  decode_table<PayloadCheck>(decoder, value, "a check", kCheckFields, to);
  if (decoder.errors() != before) {
    return;
  }
  const bool ranged = to.minimum.has_value() || to.maximum.has_value();
  const int kinds = (to.equals ? 1 : 0) + (ranged ? 1 : 0) + (to.exists ? 1 : 0);
  if (kinds != 1) {
    decoder.error(value.pos, "a check of " + text::quote(to.metric) + " needs one kind of limit",
                  "equals, or min and max or one of them, or exists = true");
  } else if (to.minimum && to.maximum && *to.minimum > *to.maximum) {
    decoder.error(value.pos, "min is above max", "no value would pass");
  }
}

void read_checks(Decoder& decoder, const FieldInfo& info, const Node& value,
                 std::vector<PayloadCheck>& to) {
  if (!decoder.is_list(info.key, value)) {
    return;
  }
  for (const Node& item : value.items) {
    read_check(decoder, item, to.emplace_back());
  }
}

constexpr std::array kOutputs = {Word{"exit_code", PayloadOutput::kExitCode},
                                 Word{"json", PayloadOutput::kJson},
                                 Word{"lines", PayloadOutput::kLines}};

void read_output(Decoder& decoder, const FieldInfo& info, const Node& value, PayloadOutput& to) {
  if (const auto output = decoder.word<PayloadOutput>(info, value, kOutputs)) {
    to = *output;
  }
}

bool usable_in_a_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '.';
}

void read_name(Decoder& decoder, const FieldInfo& info, const Node& value, std::string& to) {
  constexpr std::size_t kLongest = 64; // readable in a report
  const auto name = decoder.string(info, value);
  if (name &&
      (name->empty() || name->size() > kLongest || !std::ranges::all_of(*name, usable_in_a_name))) {
    decoder.error(value.pos, text::quote(*name) + " is no name for a payload",
                  "1 to 64 letters, digits, '_', '-' and '.'");
  } else if (name) {
    to = *name;
  }
}

void read_binary(Decoder& decoder, const FieldInfo& info, const Node& value, std::string& to) {
  const auto binary = decoder.string(info, value);
  if (binary && (binary->empty() || binary->ends_with('/'))) {
    decoder.error(value.pos, text::quote(*binary) + " is no program", "a path or a name");
  } else if (binary) {
    to = *binary;
  }
}

constexpr std::array kPayloadFields = {
    custom_key<&PayloadDef::name, read_name>("name", FieldKind::kString,
                                             "by which ops run and wait for it", kRequired),
    custom_key<&PayloadDef::binary, read_binary>(
        "binary", FieldKind::kString,
        "the program: a path on the host, relative to the file that says it, or a name to look for "
        "in PATH",
        kRequired),
    strings_key<&PayloadDef::default_args>("default_args",
                                           "arguments, before those of run_payload"),
    strings_key<&PayloadDef::files>(
        "files", "what else it needs: paths on the host, relative to the file that says them, the "
                 "same in the machine; programs come with their libraries"),
    custom_key<&PayloadDef::output, read_output>(
        "output", FieldKind::kString,
        "where metrics come from: exit_code alone, the numbers of a json document, or lines of "
        "\"name = number\"",
        {.default_value = "exit_code", .forms = one_word<kOutputs>}),
    bool_key<&PayloadDef::gate>("gate",
                                "its failed checks fail the run; by default they are only recorded",
                                {.default_value = "false"}),
    custom_key<&PayloadDef::checks, read_checks>(
        "checks", FieldKind::kTableList, "what its metrics must be",
        {.forms = list_of<a_table<PayloadCheck, kCheckFields>>}),
};
static_assert(well_formed<PayloadCheck>(kCheckFields));
static_assert(well_formed<PayloadDef>(kPayloadFields));

} // namespace

std::span<const Form> payload_forms() {
  return a_table<PayloadDef, kPayloadFields>();
}

void decode_payloads(Decoder& decoder, const FieldInfo& info, const Node& value,
                     std::vector<PayloadDef>& to) {
  if (value.type != NodeType::kArray) {
    decoder.wrong_type(info.key, value, FieldKind::kTableList);
    decoder.lost().lose(value, "name");
    return;
  }
  for (const Node& item : value.items) {
    const std::size_t before = decoder.errors();
    PayloadDef& def = to.emplace_back();
    def.pos = item.pos;
    decoder.remember(item);
    decode_table<PayloadDef>(decoder, item, "a payload", kPayloadFields, def);
    if (def.name.empty()) {
      decoder.lost().lose(item, "name");
    }
    if (decoder.errors() == before && def.gate && def.checks.empty()) {
      decoder.error(item.find("gate")->pos, "gate = true without checks has no effect",
                    "add checks = [ { metric = \"exit_code\", equals = 0 } ]");
    }
  }
}

} // namespace schedrig::config
