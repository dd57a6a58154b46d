// SPDX-License-Identifier: MIT
#include <array>
#include <cstdint>
#include <optional>

#include <schedrig/scheduler_exit.hpp>

#include "host/config/decode_scenario.hpp"
#include "host/config/readers.hpp"
#include "host/text/duration.hpp"
#include "host/text/integer.hpp"
#include "host/text/quote.hpp"

namespace schedrig::config {
namespace {

constexpr std::int64_t kDay = 86'400'000'000'000; // a soak; longer and a mistake is likelier

constexpr std::array kExpectations = {
    Word{"pass", Expectation::kPass},
    Word{"fail", Expectation::kFail},
    Word{"scheduler_exit", Expectation::kSchedulerExit},
};

void read_expect(Decoder& decoder, const FieldInfo& info, const Node& value, Expectation& to) {
  if (const auto word = decoder.word<Expectation>(info, value, kExpectations)) {
    to = *word;
  }
}

constexpr std::array kOnExit = {Word{"fail", OnExit::kFail}, Word{"restart", OnExit::kRestart}};

void read_on_exit(Decoder& decoder, const FieldInfo& info, const Node& value, OnExit& to) {
  if (const auto word = decoder.word<OnExit>(info, value, kOnExit)) {
    to = *word;
  }
}

constexpr auto kExitWords = [] {
  std::array<Word<std::int64_t>, kExitKinds.size()> words{};
  for (std::size_t i = 0; i < words.size(); ++i) {
    words[i] = {kExitKinds[i].word, kExitKinds[i].kind};
  }
  return words;
}();

void read_exit_kind(Decoder& decoder, const FieldInfo& info, const Node& value,
                    std::optional<std::int64_t>& to) {
  if (const auto kind = decoder.word<std::int64_t>(info, value, kExitWords)) {
    to = *kind;
  }
}

constexpr std::array kExpectExitFields = {
    custom_key<&ExpectedExit::kind, read_exit_kind>(
        "kind", FieldKind::kString, "as error_stall for SCX_EXIT_ERROR_STALL; any by default",
        {.forms = one_word<kExitWords>}),
    string_key<&ExpectedExit::message>("message", "part of the exit's message; any by default"),
};

void read_expect_exit(Decoder& decoder, const FieldInfo& info, const Node& value,
                      ExpectedExit& to) {
  decode_table<ExpectedExit>(decoder, value, info.key, kExpectExitFields, to);
}

// TOML's integers end at 2^63-1; above that a seed is a string.
void read_seed(Decoder& decoder, const FieldInfo& info, const Node& value, std::uint64_t& to) {
  std::optional<std::uint64_t> seed;
  if (value.type == NodeType::kInteger && value.integer >= 0) {
    seed = static_cast<std::uint64_t>(value.integer);
  } else if (value.type == NodeType::kString) {
    if (const auto parsed = text::parse_integer(value.text)) {
      seed = *parsed;
    }
  }
  const bool number =
      value.type == NodeType::kInteger ||
      (value.type == NodeType::kString && value.text.find_first_of("0123456789") == 0);
  if (seed) {
    to = *seed;
  } else if (number) {
    decoder.error(value.pos,
                  "seed is " + (value.type == NodeType::kString ? text::quote(value.text)
                                                                : std::to_string(value.integer)),
                  "allowed: 0 to 18446744073709551615; above 9223372036854775807 as a string");
  } else {
    decoder.wrong_type(info.key, value, info.kind);
  }
}

// A plugin's name or path, and where it stands: later errors point at it.
template <auto kName, auto kPos>
void read_plugin(Decoder& decoder, const FieldInfo& info, const Node& value, RunConfig& to) {
  const auto name = decoder.string(info, value);
  if (name && name->empty()) {
    decoder.error(value.pos, std::string(info.key) + " is empty", "name a plugin");
  } else if (name) {
    to.*kName = *name;
    to.*kPos = value.pos;
  }
}

constexpr std::array kRunFields = {
    string_key<&RunConfig::name>("name", "the run's name in reports; by default the file's"),
    Field<RunConfig>{make_info("backend", FieldKind::kString, "a backend plugin's name or path",
                               {.default_value = "mock"}), // the one that runs anywhere
                     &read_plugin<&RunConfig::backend, &RunConfig::backend_pos>},
    Field<RunConfig>{
        make_info("scheduler", FieldKind::kString,
                  "a scheduler plugin's name or path, or a [[scheduler]]; eevdf: nothing "
                  "attached",
                  {.default_value = "eevdf"}),
        &read_plugin<&RunConfig::scheduler, &RunConfig::scheduler_pos>},
    custom_key<&RunConfig::scheduler_params, decode_params>("scheduler_params", FieldKind::kTable,
                                                            "parameters of the scheduler plugin"),
    duration_key<&RunConfig::duration_ns>("duration", "what fractions of holds refer to",
                                          {.default_value = "10s", .minimum = 1, .maximum = kDay}),
    duration_key<&RunConfig::deadline_ns>(
        "deadline", "limit of the whole run; by default the duration and 2 min for all else",
        {.minimum = 1, .maximum = 2 * kDay}),
    custom_key<&RunConfig::seed, read_seed>("seed", FieldKind::kInteger,
                                            "start of every random sequence, of 64 bits",
                                            {.default_value = "1", .forms = a_word64}),
    custom_key<&RunConfig::expect, read_expect>(
        "expect", FieldKind::kString, "the verdict that makes the run a success",
        {.default_value = "pass", .forms = one_word<kExpectations>}),
    custom_key<&RunConfig::expect_exit, read_expect_exit>(
        "expect_exit", FieldKind::kTable,
        "which exit; counts with expect = \"scheduler_exit\" only",
        {.forms = a_table<ExpectedExit, kExpectExitFields>}),
    custom_key<&RunConfig::on_exit, read_on_exit>(
        "on_exit", FieldKind::kString,
        "fail, or restart a scheduler whose exit asks for it (SCX_ECODE_ACT_RESTART)",
        // a restart may hide what a test is to find
        {.default_value = "fail", .forms = one_word<kOnExit>}),
};
static_assert(well_formed<ExpectedExit>(kExpectExitFields));
static_assert(well_formed<RunConfig>(kRunFields));

// A boot in an emulated host takes 7 s on two free cores and took 31 s on loaded ones; then
// collecting workers, and room.
constexpr std::int64_t kBesidesDuration = 120'000'000'000;

} // namespace

std::span<const Form> run_forms() {
  return a_table<RunConfig, kRunFields>();
}

void decode_run(Decoder& decoder, const FieldInfo&, const Node& value, RunConfig& to) {
  decode_table<RunConfig>(decoder, value, "[run]", kRunFields, to);
  const Node* deadline = value.find("deadline");
  if (deadline == nullptr) {
    to.deadline_ns = to.duration_ns + kBesidesDuration;
  } else if (to.deadline_ns < to.duration_ns && decoder.sound(deadline) &&
             decoder.sound(value.find("duration"))) {
    decoder.error(deadline->pos,
                  "deadline " + text::format_duration(to.deadline_ns) +
                      " is shorter than the duration " + text::format_duration(to.duration_ns) +
                      (value.find("duration") == nullptr ? ", which is the default" : ""),
                  "leave it out, or give boot and teardown room on top of the duration");
  }
}

} // namespace schedrig::config
