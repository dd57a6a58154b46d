// SPDX-License-Identifier: MIT
// Logging for people: one line per fact, to stderr, tagged with the module that says it.
//
// The only module that includes spdlog; nothing of spdlog shows here. Results and reports never
// go through it (stdout and files are theirs). A line is "03:37:14.021 info  loader: text": no
// colour codes, no control characters (they are replaced by '?': text may come from a plugin or a
// guest), at most kMaxLineBytes of text.
// Thread: every function is [any-thread] unless it says otherwise. Errors: none; a stderr that
// cannot be written loses the line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <schedrig/plugin.hpp>

namespace schedrig::log {

enum class Module : std::uint32_t {
  kCli = 0,
  kConfig,
  kLoader,
  kEngine,
  kKernel,
  kApt,
  kLab,
  kDoctor,
  kReport,
};

// A guest's console can produce lines of any length; more than this nobody reads.
inline constexpr std::size_t kMaxLineBytes = 4096;

// What `verbosity` shows: -2 and less (-qq) errors, -1 (-q) and warnings, 0 and phases of the run
// (the default), 1 (-v) and decisions, 2 and more (-vv) and every operation.
void set_verbosity(int verbosity);

// Whether a message of this level would be shown: for callers whose text is costly to make.
[[nodiscard]] bool enabled(LogLevel level);

void write(Module module, LogLevel level, std::string_view text);

// As write, for what plugin `id` says through HostServices::log.
void write_plugin(std::string_view id, LogLevel level, std::string_view text);

inline void trace(Module module, std::string_view text) {
  write(module, LogLevel::kTrace, text);
}
inline void debug(Module module, std::string_view text) {
  write(module, LogLevel::kDebug, text);
}
inline void info(Module module, std::string_view text) {
  write(module, LogLevel::kInfo, text);
}
inline void warn(Module module, std::string_view text) {
  write(module, LogLevel::kWarn, text);
}
inline void error(Module module, std::string_view text) {
  write(module, LogLevel::kError, text);
}

// Receives finished lines, without a newline, instead of stderr: a live status line has to be
// taken off the terminal before anything else is printed; tests look at what was said.
class LineSink {
 public:
  // Called under the log's lock, one line at a time: must not log.
  virtual void on_line(LogLevel level, std::string_view line) noexcept = 0;

 protected:
  ~LineSink() = default;
};

// Sends lines to `sink` (not owned) until it is set back to null, which means stderr.
void set_line_sink(LineSink* sink);

} // namespace schedrig::log
