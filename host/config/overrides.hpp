// SPDX-License-Identifier: MIT
// `--set a.b[2].c=VALUE`: one value of a document given on the command line. Thread: any.
#pragma once

#include <cstdint>
#include <string_view>

#include "host/config/diagnostic.hpp"
#include "host/config/node.hpp"

namespace schedrig::config {

// Puts VALUE (any TOML value) where the path says, making the tables on the way that are missing; a
// table merges into the one that is there, everything else replaces.
// Keys with other characters than A-Z a-z 0-9 _ - stand in double quotes. Elements of lists must
// exist. Errors have positions in the text of the option itself: `file` is its index among the
// sources. After an error the document may hold empty tables that were made on the way.
void apply_set(std::string_view set, std::uint32_t file, Node& document, Diagnostics& to);

} // namespace schedrig::config
