// SPDX-License-Identifier: MIT
// ConsoleWatch: cuts console output into lines, recognises what must not go unnoticed, and keeps
// the last lines for error messages. Knows no VM.
//
// The bytes are hostile: a line is at most kMaxLineBytes (longer ones are cut into several), and
// control characters do not pass. Thread: host thread.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>

#include "channel/messages.hpp"

namespace schedrig::kvm {

enum class LineKind : std::uint8_t {
  kPlain,
  kNotice, // a person should see it
  kFatal,  // the machine is dead or about to be
};

// What bears on the machine's life: the kernel's last words (kernel/panic.c of Linux 6.18) and the
// agent's, and sched_ext's messages (kernel/sched/ext.c). The host judges what else a kernel says.
[[nodiscard]] LineKind classify_console_line(std::string_view line) noexcept;

class ConsoleWatch {
 public:
  static constexpr std::size_t kMaxLineBytes = 1024; // printk cuts at about that
  static constexpr std::size_t kLastLines = 20;      // a screen: an oops without its registers

  using LineSink = std::function<void(std::string_view line, LineKind kind)>;

  void feed(ByteView bytes, const LineSink& sink);
  // Lines so far that end in a newline, oldest first, and a begun one.
  [[nodiscard]] std::string last_lines() const;

 private:
  void end_line(const LineSink& sink);

  std::string line_;
  std::deque<std::string> last_;
};

} // namespace schedrig::kvm
