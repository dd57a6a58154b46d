// SPDX-License-Identifier: MIT
// What the keys of a config mean, and for a config that was loaded what each one's value is and
// which layer it came from. Keys of plugins' own tables are shown as the config has them: their
// meaning is the plugin's. Thread: any; owned values.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <schedrig/result.hpp>

#include "host/config/config.hpp"
#include "host/config/field.hpp"

namespace schedrig::config {

struct EffectiveKey {
  std::string key;    // "run.seed", "step[0].op[1].cgroup"
  std::string value;  // as a file could say it
  std::string origin; // "a.toml:3", "overlay b.toml:2", "--set run.seed=1" or "default"
};

// Every key that the config gives, and those that it leaves to their defaults, in the format's
// order.
[[nodiscard]] std::vector<EffectiveKey> effective_keys(const LoadedConfig& loaded);

// Where a value came from, as in EffectiveKey::origin.
[[nodiscard]] std::string origin_of(const LoadedConfig& loaded, SourcePos pos);

struct KeyDoc {
  FieldInfo info;
  std::vector<FieldInfo> below; // the keys of the tables that the value may be
};

// The key at a path: "run.seed", "step.hold", "step.op.set_cpuset.cpus"; indices are passed over.
// An empty path is the top level. kNotFound: with the nearest name.
[[nodiscard]] Result<KeyDoc> find_key(std::string_view path);

} // namespace schedrig::config
