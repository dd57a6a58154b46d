// SPDX-License-Identifier: MIT
// Runs a program and collects what it prints, for tests of the command line.
#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

namespace schedrig::test {

struct CommandResult {
  int exit_code = -1; // 128 + signal when one ended it
  std::string out;
  std::string err;
};

// A started program; killed (SIGKILL) and reaped by the destructor if it still runs.
class Command {
 public:
  // argv[0] is a path. The program's standard input is /dev/null.
  explicit Command(std::vector<std::string> argv);
  ~Command();
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }
  // Reads until that stream has contained `text`; false when it ended before.
  bool wait_for_stdout(const std::string& text);
  bool wait_for_stderr(const std::string& text);
  void kill(int signal) const;
  // Reads to the end of both streams and reaps.
  CommandResult finish();

 private:
  bool wait_for(const std::string& stream, const std::string& text);
  bool pump(); // reads what is there; false at the end of both streams

  pid_t pid_ = -1;
  int out_ = -1;
  int err_ = -1;
  bool reaped_ = false;
  CommandResult result_;
};

CommandResult run_command(std::vector<std::string> argv);

} // namespace schedrig::test
