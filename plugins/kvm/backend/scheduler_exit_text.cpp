// SPDX-License-Identifier: MIT
#include "backend/scheduler_exit_text.hpp"

#include <charconv>

namespace schedrig::kvm {
namespace {

constexpr std::size_t kMaxComm = 15; // TASK_COMM_LEN without its zero byte

// "5.234s", or "5s".
std::optional<std::int64_t> seconds_in(std::string_view text) {
  std::int64_t whole = 0;
  std::int64_t thousandths = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), whole);
  if (error != std::errc() || whole < 0 || whole > 1'000'000) {
    return std::nullopt;
  }
  if (rest != end && *rest == '.') {
    const char* const first = rest + 1;
    const auto fraction = std::from_chars(first, end, thousandths);
    if (fraction.ec != std::errc() || fraction.ptr - first != 3) {
      return std::nullopt;
    }
  }
  return whole * 1'000'000'000 + thousandths * 1'000'000;
}

} // namespace

std::optional<TaskInMessage> task_in_message(std::string_view message) {
  constexpr std::string_view kWaited = " failed to run for ";
  constexpr std::string_view kFor = " for ";
  for (std::size_t open = message.find('['); open != std::string_view::npos;
       open = message.find('[', open + 1)) {
    TaskInMessage task;
    const char* const end = message.data() + message.size();
    const auto [close, error] = std::from_chars(message.data() + open + 1, end, task.pid);
    if (error != std::errc() || close == end || *close != ']' || task.pid <= 0) {
      continue;
    }
    const std::string_view after(close + 1, end);
    const bool waited = after.starts_with(kWaited);
    std::string_view comm = message.substr(0, open);
    // A name may hold spaces; what comes before it is the kernel's.
    if (const std::size_t word = comm.rfind(kFor); !waited && word != std::string_view::npos) {
      comm.remove_prefix(word + kFor.size());
    }
    if (comm.size() > kMaxComm) {
      comm.remove_prefix(comm.rfind(' ') == std::string_view::npos ? 0 : comm.rfind(' ') + 1);
    }
    task.comm = comm;
    if (waited) {
      task.waited_ns = seconds_in(after.substr(kWaited.size()));
    }
    return task;
  }
  return std::nullopt;
}

} // namespace schedrig::kvm
