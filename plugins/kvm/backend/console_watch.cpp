// SPDX-License-Identifier: MIT
// Console lines and what they mean.
#include "backend/console_watch.hpp"

#include <algorithm>
#include <array>

namespace schedrig::kvm {
namespace {

constexpr std::array<std::string_view, 3> kFatalTexts = {
    "Kernel panic - not syncing",
    "schedrig-agent: fatal:",
    "---[ end Kernel panic",
};

constexpr std::string_view kNoticeText = "sched_ext:";

} // namespace

LineKind classify_console_line(std::string_view line) noexcept {
  const auto holds = [line](std::string_view text) { return line.find(text) != line.npos; };
  if (std::ranges::any_of(kFatalTexts, holds)) {
    return LineKind::kFatal;
  }
  return holds(kNoticeText) ? LineKind::kNotice : LineKind::kPlain;
}

void ConsoleWatch::feed(ByteView bytes, const LineSink& sink) {
  for (const std::byte byte : bytes) {
    const auto character = static_cast<unsigned char>(byte);
    if (character == '\n') {
      end_line(sink);
    } else if (character == '\t' || (character >= 0x20 && character != 0x7F)) {
      line_.push_back(static_cast<char>(character));
      if (line_.size() == kMaxLineBytes) {
        end_line(sink);
      }
    }
  }
}

void ConsoleWatch::end_line(const LineSink& sink) {
  const std::string line = std::move(line_);
  line_.clear();
  last_.push_back(line);
  if (last_.size() > kLastLines) {
    last_.pop_front();
  }
  sink(line, classify_console_line(line));
}

std::string ConsoleWatch::last_lines() const {
  std::string text;
  for (const std::string& line : last_) {
    text += line + "\n";
  }
  return text + line_;
}

} // namespace schedrig::kvm
