// SPDX-License-Identifier: MIT
// What the tests of config share: loading a text, and its errors as one string.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "host/config/config.hpp"
#include "host/config/render.hpp"

namespace schedrig::config {

inline LoadedConfig load(std::string text, std::vector<std::string> sets = {},
                         bool accept_unlanded = false) {
  return load_text(std::move(text), "test.toml",
                   {.sets = std::move(sets), .accept_unlanded = accept_unlanded});
}

inline std::string errors_of(const LoadedConfig& loaded) {
  return render(loaded.diagnostics, loaded.sources);
}

// What must be there; a failure and a default when it is not.
template <class T> T present(const std::optional<T>& value) {
  EXPECT_TRUE(value.has_value());
  return value ? *value : T{};
}

// A scenario that lacks nothing, to put more text behind.
inline const std::string kMinimal = "schema = 1\n[[step]]\nhold = \"1s\"\n";

} // namespace schedrig::config
