// SPDX-License-Identifier: MIT
// A path into a JSON document: names with dots between them, ["any name"] or ['any name'] for those
// that have other characters, [n] for an element: maps['mine.bss'].counters[3]. Pure; thread: any.
#pragma once

#include <string_view>

#include <schedrig/result.hpp>

#include "host/json/value.hpp"

namespace schedrig::engine {

// kInvalidArgument: no path; kNotFound: what is not there, with what there is at that depth in the
// help. The value lives as long as the document.
Result<const json::Value*> find_value(const json::Value& document, std::string_view path);

} // namespace schedrig::engine
