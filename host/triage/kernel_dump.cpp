// SPDX-License-Identifier: MIT
#include "host/triage/kernel_dump.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace schedrig::triage {
namespace {

// A dump has 32 KiB by default, and 1 MiB where somebody wants much (exit_dump_len): a task takes
// 200 bytes of it.
constexpr std::size_t kMostTasks = 8192;
constexpr std::int64_t kNsPerMs = 1'000'000;
constexpr std::int64_t kMostMs = 1'000'000'000; // eleven days
// enum scx_dsq_id_flags: what a queue of the kernel's own is numbered by.
constexpr std::uint64_t kBuiltin = 1ULL << 63U;
constexpr std::uint64_t kGlobal = kBuiltin | 1U;
constexpr std::uint64_t kLocal = kBuiltin | 2U;

std::string_view trimmed(std::string_view text) {
  const std::size_t first = std::min(text.find_first_not_of(' '), text.size());
  text.remove_prefix(first);
  const std::size_t last = text.find_last_not_of(' ');
  return text.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

template <class Number> std::optional<Number> leading_number(std::string_view text, int base = 10) {
  Number number = 0;
  const auto end = text.data() + text.size();
  return std::from_chars(text.data(), end, number, base).ec == std::errc() ? std::optional(number)
                                                                           : std::nullopt;
}

// What stands behind `name` up to the next space.
std::optional<std::string_view> value_of(std::string_view line, std::string_view name) {
  const std::size_t at = line.find(name);
  if (at == std::string_view::npos) {
    return std::nullopt;
  }
  line.remove_prefix(at + name.size());
  return line.substr(0, std::min(line.find(' '), line.size()));
}

// "comm[pid]", where comm may have anything in it.
struct Named {
  std::string_view comm;
  std::int32_t pid = 0;
  std::string_view rest;
};
std::optional<Named> named(std::string_view text) {
  for (std::size_t open = text.find('['); open != std::string_view::npos;
       open = text.find('[', open + 1)) {
    const std::size_t close = text.find(']', open);
    const auto pid = leading_number<std::int32_t>(text.substr(open + 1));
    const bool whole = close != std::string_view::npos && pid && *pid >= 0 &&
                       std::to_string(*pid) == text.substr(open + 1, close - open - 1);
    if (whole) {
      return Named{.comm = text.substr(0, open), .pid = *pid, .rest = text.substr(close + 1)};
    }
  }
  return std::nullopt;
}

// Words of 32 bits in hexadecimal, the highest first, with commas between them.
std::vector<std::uint32_t> read_mask(std::string_view text, std::uint32_t cpus) {
  std::vector<std::uint32_t> allowed;
  for (std::uint32_t first = 0; !text.empty() && first < cpus; first += 32) {
    const std::size_t comma = text.rfind(',');
    const std::size_t start = comma == std::string_view::npos ? 0 : comma + 1;
    const auto word = leading_number<std::uint32_t>(text.substr(start), 16);
    for (std::uint32_t bit = 0; word && bit < 32 && first + bit < cpus; ++bit) {
      if (((*word >> bit) & 1U) != 0) {
        allowed.push_back(first + bit);
      }
    }
    text = text.substr(0, start == 0 ? 0 : start - 1);
  }
  return allowed;
}

class Reader {
 public:
  Reader(std::uint32_t cpus, std::int64_t at_ns) : cpus_(cpus) {
    scene_.source = "the kernel's dump";
    scene_.at_ns = at_ns;
    for (std::uint32_t cpu = 0; cpu < cpus; ++cpu) {
      scene_.cpus.push_back({.cpu = cpu});
    }
  }

  void line(std::string_view line) {
    if (line.starts_with("CPU ") && line.find("nr_run=") != std::string_view::npos) {
      const auto cpu = leading_number<std::uint32_t>(line.substr(4));
      cpu_ = cpu && *cpu < cpus_ ? &scene_.cpus[*cpu] : nullptr;
      task_ = nullptr;
      seen_ = seen_ || cpu_ != nullptr;
    } else if (const std::string_view text = trimmed(line); cpu_ == nullptr) {
      return;
    } else if (text.starts_with("curr=")) {
      curr(text);
    } else if (line.size() > 4 && line[0] == ' ' && (line[1] == '*' || line[1] == ' ') &&
               line[2] != ' ' && line[3] == ' ') {
      task(line[1] == '*', line.substr(4));
    } else if (task_ != nullptr) {
      detail(text);
    }
  }

  std::optional<Scene> take() { return seen_ ? std::optional(std::move(scene_)) : std::nullopt; }

 private:
  // "curr=comm[pid] class=ext_sched_class"
  void curr(std::string_view text) {
    const auto who = named(text.substr(5));
    if (!who) {
      return;
    }
    cpu_->pid = who->pid;
    cpu_->comm = who->comm;
    std::string_view cls = value_of(who->rest, "class=").value_or("");
    cpu_->sched_class = cls.substr(0, std::min(cls.find("_sched_class"), cls.size()));
  }

  // "comm[pid] -1196ms"; where schedulers may have others below them, "comm[pid] *root -1196ms"
  void task(bool running, std::string_view text) {
    const auto who = named(text);
    task_ = nullptr;
    if (!who || scene_.tasks.size() >= kMostTasks) {
      return;
    }
    std::string_view since = trimmed(who->rest);
    since.remove_prefix(since.rfind(' ') + 1); // all of it where there is no space
    since.remove_prefix(since.starts_with('+') ? 1 : 0);
    const std::int64_t ms = std::clamp<std::int64_t>(
        leading_number<std::int64_t>(since).value_or(0), -kMostMs, kMostMs);
    task_ = &scene_.tasks.emplace_back();
    task_->pid = who->pid;
    task_->comm = who->comm;
    task_->sched_class = "ext";
    task_->running = running;
    task_->waiting_ns = running || ms > 0 ? 0 : -ms * kNsPerMs;
    task_->cpu = cpu_->cpu;
  }

  void detail(std::string_view text) {
    if (const auto id = value_of(text, "dsq_id=0x")) {
      queue(leading_number<std::uint64_t>(*id, 16));
    } else if (const auto vtime = value_of(text, "dsq_vtime=")) {
      task_->vtime = leading_number<std::uint64_t>(*vtime);
    } else if (const auto mask = value_of(text, "cpus=")) {
      task_->allowed = read_mask(*mask, cpus_);
      if (value_of(text, "no_mig=").value_or("0") != "0") {
        task_->allowed = {task_->cpu};
      }
    } else if (const auto flags = value_of(text, "dsq_flags=0x"); flags) {
      ordered_ = (leading_number<std::uint32_t>(*flags, 16).value_or(0) & 1U) != 0;
    }
  }

  // The line with the queue follows that with its flags (SCX_TASK_DSQ_ON_PRIQ).
  void queue(std::optional<std::uint64_t> id) {
    if (!id || task_->running) {
      return;
    }
    Queue queue{.id = *id, .by_vtime = ordered_};
    if (*id == kLocal) {
      queue.local_cpu = task_->cpu;
    }
    queue.global = *id == kGlobal;
    task_->queue = queue;
  }

  std::uint32_t cpus_;
  Scene scene_;
  CpuScene* cpu_ = nullptr;
  TaskScene* task_ = nullptr;
  bool ordered_ = false;
  bool seen_ = false;
};

} // namespace

std::optional<Scene> read_kernel_dump(std::string_view dump, std::uint32_t cpus,
                                      std::int64_t at_ns) {
  Reader reader(cpus, at_ns);
  while (!dump.empty()) {
    const std::size_t n = std::min(dump.find('\n'), dump.size());
    reader.line(dump.substr(0, n));
    dump.remove_prefix(std::min(n + 1, dump.size()));
  }
  return reader.take();
}

} // namespace schedrig::triage
