// SPDX-License-Identifier: MIT
#include "host/config/bind_params.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>
#include <string>
#include <utility>

#include <schedrig/sched_ext_program.hpp>

#include "host/text/duration.hpp"
#include "host/text/nearest.hpp"
#include "host/text/quote.hpp"
#include "host/text/size.hpp"

namespace schedrig::config {
namespace {

std::string_view name_of(ParamType type) {
  switch (type) {
  case ParamType::kBool:
    return "a boolean";
  case ParamType::kInteger:
    return "an integer";
  case ParamType::kFloat:
    return "a float";
  case ParamType::kString:
    return "a string";
  case ParamType::kDuration:
    return "a duration, such as \"200ms\"";
  case ParamType::kSize:
    return "a size, such as \"512MiB\"";
  }
  return "a type that this schedrig does not know";
}

// "faults[3].at" -> "faults[].at": the key as a spec spells it.
std::string spec_key(std::string_view key) {
  std::string result;
  for (std::size_t i = 0; i < key.size(); ++i) {
    result += key[i];
    while (key[i] == '[' && i + 1 < key.size() && key[i + 1] != ']') {
      ++i;
      if (key[i] < '0' || key[i] > '9') {
        result += key[i];
        break;
      }
    }
  }
  return result;
}

std::string spell(const ParamSpec& spec, std::int64_t value) {
  if (spec.type == ParamType::kDuration && value >= 0) {
    return "\"" + text::format_duration(value) + "\"";
  }
  if (spec.type == ParamType::kSize && value >= 0) {
    return "\"" + text::format_size(static_cast<std::uint64_t>(value)) + "\"";
  }
  return std::to_string(value);
}

Result<> check_range(const ParamSpec& spec, const ConfigParam& param) {
  const bool ranged = spec.type == ParamType::kInteger || spec.type == ParamType::kDuration ||
                      spec.type == ParamType::kSize;
  if (ranged && (spec.minimum != 0 || spec.maximum != 0) &&
      (param.integer < spec.minimum || param.integer > spec.maximum)) {
    return fail(StatusCode::kInvalidArgument, param.key + " is " + spell(spec, param.integer),
                "allowed: " + spell(spec, spec.minimum) + " to " + spell(spec, spec.maximum));
  }
  return {};
}

// Gives the value the type of its spec.
Result<> convert(const ParamSpec& spec, ConfigParam& param) {
  const auto wrong = [&] {
    return fail(StatusCode::kInvalidArgument,
                param.key + " must be " + std::string(name_of(spec.type)) + ", not " +
                    std::string(name_of(param.type)),
                std::string(spec.doc));
  };
  if (spec.type == ParamType::kDuration || spec.type == ParamType::kSize) {
    if (param.type != ParamType::kString) {
      return wrong();
    }
    if (spec.type == ParamType::kDuration) {
      param.integer = TRY(text::parse_duration(param.text));
    } else {
      param.integer = static_cast<std::int64_t>(TRY(text::parse_size(param.text)));
    }
    param.text.clear();
  } else if (spec.type == ParamType::kFloat && param.type == ParamType::kInteger) {
    param.real = static_cast<double>(param.integer);
    param.integer = 0;
  } else if (spec.type != param.type) {
    return wrong();
  }
  param.type = spec.type;
  if (spec.type == ParamType::kFloat && !std::isfinite(param.real)) {
    return fail(StatusCode::kInvalidArgument, param.key + " is not finite", "write a number");
  }
  return check_range(spec, param);
}

// A default is spelled as in a config, without the quotes of strings.
Result<ConfigParam> default_of(const ParamSpec& spec, std::string key) {
  const std::string_view text = spec.default_value;
  const char* end = text.data() + text.size();
  ConfigParam param;
  param.key = std::move(key);
  std::from_chars_result read{end, std::errc{}};
  switch (spec.type) {
  case ParamType::kBool:
    param.type = ParamType::kBool;
    param.integer = text == "true" ? 1 : 0;
    read.ptr = text == "true" || text == "false" ? end : nullptr;
    break;
  case ParamType::kInteger:
    param.type = ParamType::kInteger;
    read = std::from_chars(text.data(), text.data() + text.size(), param.integer);
    break;
  case ParamType::kFloat:
    param.type = ParamType::kFloat;
    read = std::from_chars(text.data(), text.data() + text.size(), param.real);
    break;
  case ParamType::kString:
  case ParamType::kDuration:
  case ParamType::kSize:
    param.type = ParamType::kString;
    param.text = text;
    break;
  }
  if (read.ptr != end || read.ec != std::errc{}) {
    return fail(StatusCode::kInvalidArgument,
                text::quote(text) + " is not " + std::string(name_of(spec.type)));
  }
  TRY(convert(spec, param));
  return param;
}

// The keys that a spec can have here: its own, or one for each element that the config has of its
// array of tables.
std::set<std::string> keys_for(const ParamSpec& spec, const ConfigParams& given) {
  const std::size_t bracket = spec.key.rfind("[]");
  if (bracket == std::string_view::npos) {
    return {std::string(spec.key)};
  }
  const std::string_view prefix = spec.key.substr(0, bracket + 2);
  const std::string_view member = spec.key.substr(bracket + 2);
  std::set<std::string> keys;
  for (const ConfigParam& param : given) {
    if (member.empty() || !spec_key(param.key).starts_with(prefix)) {
      continue;
    }
    const auto depth = std::ranges::count(prefix, ']');
    std::size_t end = 0;
    for (std::ptrdiff_t i = 0; i < depth; ++i) {
      end = param.key.find(']', end) + 1;
    }
    keys.insert(param.key.substr(0, end) + std::string(member));
  }
  return keys;
}

void add_defaults(std::span<const ParamSpec> specs, std::string_view where, ConfigParams& to,
                  Diagnostics& errors) {
  const ConfigParams given = to;
  for (const ParamSpec& spec : specs) {
    if (spec.default_value.empty()) {
      continue;
    }
    for (const std::string& key : keys_for(spec, given)) {
      if (std::ranges::find(given, key, &ConfigParam::key) != given.end()) {
        continue;
      }
      auto param = default_of(spec, key);
      if (param) {
        to.push_back(*std::move(param));
      } else {
        errors.add(SourcePos{},
                   "the plugin's own default of " + key + " in " + std::string(where) +
                       " is wrong: " + param.error().message,
                   "this is a mistake in the plugin");
      }
    }
  }
}

// Where an array's element begins in the file, at the first of its values; else the table.
SourcePos element_pos(std::string_view key, const ConfigParams& given, SourcePos table) {
  const std::string_view element = key.substr(0, key.rfind('.') + 1);
  const auto first = std::ranges::find_if(given, [&](const ConfigParam& param) {
    return !element.empty() && param.key.starts_with(element);
  });
  return first == given.end() ? table : first->key_pos;
}

void check_required(std::span<const ParamSpec> specs, const ParamsTable& table,
                    const ConfigParams& given, Diagnostics& errors) {
  for (const ParamSpec& spec : specs) {
    if (spec.required == 0) {
      continue;
    }
    for (const std::string& key : keys_for(spec, given)) {
      if (std::ranges::find(given, key, &ConfigParam::key) == given.end()) {
        errors.add(element_pos(key, given, table.pos),
                   key + " is missing in " + std::string(table.name), std::string(spec.doc));
      }
    }
  }
}

} // namespace

BoundParams bind_params(const ConfigParams& params, std::span<const ParamSpec> specs,
                        const ParamsTable& table) {
  BoundParams bound;
  Diagnostics errors;
  for (const ConfigParam& given : params) {
    const auto spec = std::ranges::find(specs, spec_key(given.key), &ParamSpec::key);
    if (spec == specs.end() &&
        std::ranges::find(specs, kAnyOtherParam, &ParamSpec::key) != specs.end()) {
      bound.owned_.push_back(given);
      continue;
    }
    if (spec == specs.end()) {
      std::vector<std::string_view> keys;
      std::ranges::transform(specs, std::back_inserter(keys), &ParamSpec::key);
      errors.add(given.key_pos,
                 "unknown key " + text::quote(given.key) + " in " + std::string(table.name),
                 text::suggest(spec_key(given.key), keys, "keys of " + std::string(table.name)));
      continue;
    }
    ConfigParam& param = bound.owned_.emplace_back(given);
    if (auto converted = convert(*spec, param); !converted) {
      errors.add(given.pos, converted.error().message, converted.error().help);
    }
  }
  if (table.complete) {
    check_required(specs, table, bound.owned_, errors);
  }
  add_defaults(specs, table.name, bound.owned_, errors);
  for (const ConfigParam& param : bound.owned_) {
    bound.values_.push_back({.type = param.type,
                             .key = param.key,
                             .integer = param.integer,
                             .real = param.real,
                             .text = param.text});
  }
  bound.diagnostics_ = errors.take_sorted();
  return bound;
}

} // namespace schedrig::config
