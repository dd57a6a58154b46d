// SPDX-License-Identifier: MIT
// The format as a JSON Schema (draft 2020-12), for editors and validators: made from the field
// tables that the decoder uses. It knows what one file may say, not what references and plugins
// demand; keys that no engine runs yet are in it and say so. Thread: any.
#pragma once

#include "host/json/value.hpp"

namespace schedrig::config {

[[nodiscard]] json::Value json_schema();

} // namespace schedrig::config
