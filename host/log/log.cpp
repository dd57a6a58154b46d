// SPDX-License-Identifier: MIT
// The facade over spdlog: one logger with one sink. spdlog's registry is not used, so no plugin
// that links spdlog itself can reach or change it.
#include "host/log/log.hpp"

#include <array>
#include <cstdio>
#include <memory>
#include <mutex>
#include <string>

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>

namespace schedrig::log {
namespace {

constexpr std::array<std::string_view, 9> kModuleNames = {
    "cli", "config", "loader", "engine", "kernel", "apt", "lab", "doctor", "report"};

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
  case LogLevel::kTrace:
    return spdlog::level::trace;
  case LogLevel::kDebug:
    return spdlog::level::debug;
  case LogLevel::kInfo:
    return spdlog::level::info;
  case LogLevel::kWarn:
    return spdlog::level::warn;
  case LogLevel::kError:
    break;
  }
  return spdlog::level::err; // also for a value that a plugin made up
}

LogLevel from_spdlog(spdlog::level::level_enum level) {
  switch (level) {
  case spdlog::level::trace:
    return LogLevel::kTrace;
  case spdlog::level::debug:
    return LogLevel::kDebug;
  case spdlog::level::info:
    return LogLevel::kInfo;
  case spdlog::level::warn:
    return LogLevel::kWarn;
  default:
    return LogLevel::kError;
  }
}

class StderrOrLineSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  void redirect(LineSink* to) {
    const std::lock_guard lock(mutex_);
    to_ = to;
  }

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    if (to_ != nullptr) {
      to_->on_line(from_spdlog(message.level), std::string_view(line.data(), line.size()));
      return;
    }
    line.push_back('\n');
    // One write per line keeps lines whole when a child shares the descriptor.
    std::fwrite(line.data(), 1, line.size(), stderr);
  }

  void flush_() override { std::fflush(stderr); }

  LineSink* to_ = nullptr;
};

struct Log {
  std::shared_ptr<StderrOrLineSink> sink = std::make_shared<StderrOrLineSink>();
  spdlog::logger logger{"schedrig", sink};

  Log() {
    // The empty end of line: the sink adds its own, a LineSink gets none.
    logger.set_formatter(std::make_unique<spdlog::pattern_formatter>(
        "%H:%M:%S.%e %v", spdlog::pattern_time_type::local, ""));
    logger.set_level(spdlog::level::info);
    logger.flush_on(spdlog::level::trace);
    // Nothing useful can be done when stderr is gone; spdlog's default would print there.
    logger.set_error_handler([](const std::string&) {});
  }
};

Log& the_log() {
  static Log* const log = new Log; // never destroyed: plugins and static objects may log at exit
  return *log;
}

std::string_view level_name(LogLevel level) {
  switch (level) {
  case LogLevel::kTrace:
    return "trace ";
  case LogLevel::kDebug:
    return "debug ";
  case LogLevel::kInfo:
    return "info  ";
  case LogLevel::kWarn:
    return "warn  ";
  case LogLevel::kError:
    break;
  }
  return "error ";
}

void append_clean(std::string& line, std::string_view text) {
  for (const char c : text.substr(0, kMaxLineBytes)) {
    const auto byte = static_cast<unsigned char>(c);
    line += (byte < 0x20U && c != '\t') || byte == 0x7FU ? '?' : c;
  }
  if (text.size() > kMaxLineBytes) {
    line += "...";
  }
}

void write_tagged(std::string_view tag, LogLevel level, std::string_view text) {
  spdlog::logger& logger = the_log().logger;
  if (!logger.should_log(to_spdlog(level))) {
    return;
  }
  std::string line(level_name(level));
  append_clean(line, tag);
  line += ": ";
  append_clean(line, text);
  logger.log(to_spdlog(level), std::string_view(line)); // a string_view is never a format string
}

} // namespace

void set_verbosity(int verbosity) {
  spdlog::level::level_enum level = spdlog::level::info;
  if (verbosity <= -2) {
    level = spdlog::level::err;
  } else if (verbosity == -1) {
    level = spdlog::level::warn;
  } else if (verbosity == 1) {
    level = spdlog::level::debug;
  } else if (verbosity >= 2) {
    level = spdlog::level::trace;
  }
  the_log().logger.set_level(level);
}

bool enabled(LogLevel level) {
  return the_log().logger.should_log(to_spdlog(level));
}

void write(Module module, LogLevel level, std::string_view text) {
  const auto index = static_cast<std::size_t>(module);
  write_tagged(index < kModuleNames.size() ? kModuleNames[index] : "schedrig", level, text);
}

void write_plugin(std::string_view id, LogLevel level, std::string_view text) {
  write_tagged("plugin " + std::string(id), level, text);
}

void set_line_sink(LineSink* sink) {
  the_log().sink->redirect(sink);
}

} // namespace schedrig::log
