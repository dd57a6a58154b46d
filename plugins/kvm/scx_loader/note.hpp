// SPDX-License-Identifier: MIT
// NoteSink: takes what was left out or translated, one line each, for people. Thread: the caller's.
#pragma once

#include <functional>
#include <string>

namespace schedrig::scx {

using NoteSink = std::function<void(const std::string& text)>;

} // namespace schedrig::scx
