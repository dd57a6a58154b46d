// SPDX-License-Identifier: MIT
#include "host/report/console.hpp"

#include <algorithm>
#include <utility>

#include <sys/ioctl.h>
#include <unistd.h>

#include "host/report/names.hpp"
#include "host/text/human_duration.hpp"

namespace schedrig::report {
namespace {

void put(std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = write(STDERR_FILENO, text.data(), text.size());
    if (n <= 0) {
      return; // a reader that went away does not matter to the run
    }
    text.remove_prefix(static_cast<std::size_t>(n));
  }
}

std::string bar(std::int64_t elapsed_ns, std::int64_t total_ns) {
  constexpr std::int64_t kWidth = 20;
  const auto filled =
      static_cast<std::size_t>(elapsed_ns * kWidth / std::max<std::int64_t>(total_ns, 1));
  return "[" + std::string(filled, '#') + std::string(kWidth - filled, '.') + "] " +
         text::human_duration(elapsed_ns) + " of " + text::human_duration(total_ns);
}

} // namespace

Console::Console(const ConsoleOptions& options) : options_(options) {
  log::set_line_sink(this);
}

Console::~Console() {
  log::set_line_sink(nullptr);
  const std::scoped_lock lock(mutex_);
  clear_status();
}

void Console::clear_status() {
  if (!status_.empty()) {
    put("\r\x1b[K");
    status_.clear();
  }
}

void Console::print(std::string_view line) {
  const std::scoped_lock lock(mutex_);
  const std::string again = std::exchange(status_, {});
  put((again.empty() ? "" : "\r\x1b[K") + printable(line) + "\n" + again);
  status_ = again;
}

void Console::show_status(std::string status) {
  const std::scoped_lock lock(mutex_);
  status = printable(status);
  // A line that wraps could not be taken back.
  if (winsize size{}; ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1) {
    status.resize(std::min<std::size_t>(status.size(), size.ws_col - 1U));
  }
  if (status == status_) {
    return;
  }
  put("\r\x1b[K" + status);
  status_ = std::move(status);
}

void Console::on_phase(std::string_view phase, std::int64_t /*at_ns*/) {
  step_ = phase;
  if (options_.live) {
    show_status(step_);
  } else if (options_.verbosity >= 0) {
    print(phase);
  }
}

void Console::on_step(std::uint32_t number, std::uint32_t of, const engine::StepRecord& step) {
  step_ =
      "step " + std::to_string(number) + "/" + std::to_string(of) + " " + printable_name(step.name);
  if (options_.live) {
    show_status(step_);
  } else if (options_.verbosity >= 0) {
    print(step_);
  }
}

void Console::on_op(const engine::OpRecord& op) {
  if (op.status == engine::OpStatus::kFailed && options_.verbosity >= 0) {
    print(step_ + ": op " + std::to_string(op.index) + " " + op.kind +
          " failed: " + (op.error ? op.error->message : ""));
  } else if (options_.verbosity >= 1) {
    print(step_ + ": op " + std::to_string(op.index) + " " + op.kind + " " +
          std::string(to_string(op.status)) + ", " + text::human_duration(op.end_ns - op.start_ns));
  }
}

void Console::on_freeze_window(const engine::FreezeWindowRecord& window) {
  if (options_.verbosity >= 1) {
    print(step_ + ": freeze window " + std::to_string(window.id) + ", frozen for " +
          text::human_duration(window.frozen_ns));
  }
}

void Console::on_hold(std::int64_t /*start_ns*/, std::int64_t elapsed_ns, std::int64_t total_ns) {
  if (options_.live) {
    show_status(step_ + " " + bar(elapsed_ns, total_ns));
  }
}

void Console::on_machine_event(const Event& event) {
  switch (event.kind) {
  case EventKind::kConsoleLine:
    if (options_.verbosity >= 1) {
      print("machine: " + std::string(event.text));
    }
    return;
  case EventKind::kBootPhase:
    if (options_.live) {
      show_status(step_ + ": " + std::string(event.text));
    } else if (options_.verbosity >= 1) {
      print(step_ + ": " + std::string(event.text) + " after " + text::human_duration(event.value));
    }
    return;
  case EventKind::kSchedulerExit:
    print("scheduler exited (kind " + std::to_string(event.value) +
          "): " + std::string(event.text));
    return;
  case EventKind::kMachineFailed:
    print("machine failed: " + std::string(event.text));
    return;
  case EventKind::kNotice:
    if (options_.verbosity >= 0) {
      print("machine: " + std::string(event.text));
    }
    return;
  }
}

void Console::on_kernel_complaint(const engine::KernelComplaint& complaint) {
  if (options_.verbosity >= 0) {
    print("kernel " + std::string(engine::to_string(complaint.kind)) + ": " + complaint.text);
  }
}

void Console::on_line(LogLevel /*level*/, std::string_view line) noexcept {
  print(line);
}

} // namespace schedrig::report
