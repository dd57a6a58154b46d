// SPDX-License-Identifier: MIT
// Parameters: what a plugin accepts from a config, declared as data (ParamSpec), and the values
// that a config gave it (ParamValue), already checked against the declaration by the host.
//
// Used for [backend.NAME] sections, scheduler_params and ops that plugins register. Specs are
// static data of the plugin; values live in the host and are valid only during the call they are
// passed to. Thread: any.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace schedrig {

enum class ParamType : std::uint32_t {
  kBool = 0,     // integer 0 or 1
  kInteger = 1,  // integer
  kFloat = 2,    // real
  kString = 3,   // text
  kDuration = 4, // integer, nanoseconds; spelled "5ms" in a config
  kSize = 5,     // integer, bytes; spelled "64MiB" in a config
};

struct ParamSpec {
  std::uint32_t size = sizeof(ParamSpec);
  ParamType type = ParamType::kInteger;
  std::string_view key;           // "slice"; "faults[].at" for a member of an array of tables
  std::string_view default_value; // as spelled in a config; empty: none
  std::string_view doc;           // one line, with the reason for the default
  std::int64_t minimum = 0;       // inclusive, for integer, duration, size; both 0: no bounds
  std::int64_t maximum = 0;
  std::uint32_t required = 0; // 1: must be given, in each element of its array of tables if in one
  std::uint32_t reserved = 0;
};

struct ParamValue {
  std::uint32_t size = sizeof(ParamValue);
  ParamType type = ParamType::kInteger;
  std::string_view key; // as in the spec, with indices filled in: "faults[0].at"
  std::int64_t integer = 0;
  double real = 0;
  std::string_view text;
};

using ParamsView = std::span<const ParamValue>;

// The value of `key`, or null when neither the config nor a default gave one.
[[nodiscard]] inline const ParamValue* find_param(ParamsView params, std::string_view key) {
  for (const ParamValue& param : params) {
    if (param.key == key) {
      return &param;
    }
  }
  return nullptr;
}

[[nodiscard]] inline std::int64_t param_integer(ParamsView params, std::string_view key,
                                                std::int64_t otherwise) {
  const ParamValue* param = find_param(params, key);
  return param == nullptr ? otherwise : param->integer;
}

} // namespace schedrig
