// SPDX-License-Identifier: MIT
// schedrig-scx: loads one sched_ext scheduler from a BPF object, keeps it attached, and says on
// standard output how it goes (report_lines.hpp). SIGTERM and SIGINT detach it; it ends by itself
// when the scheduler ends. Exit status: 0 the scheduler was attached and is gone, 1 it could not be
// attached, 2 the command line.
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <sys/resource.h>
#include <unistd.h>

#include "scx_loader/exit_record.hpp"
#include "scx_loader/globals.hpp"
#include "scx_loader/kernel_state.hpp"
#include "scx_loader/kfunc_names.hpp"
#include "scx_loader/object_image.hpp"
#include "scx_loader/options.hpp"
#include "scx_loader/report_lines.hpp"
#include "scx_loader/struct_ops.hpp"
#include "scx_loader/verifier_log.hpp"

namespace schedrig::scx {
namespace {

// How soon an end is seen: short beside a watchdog's half second, long beside the look itself.
constexpr std::int64_t kLookNs = 20'000'000;
// From the moment that the kernel begins to disable a scheduler to its last callback: it walks all
// tasks. Milliseconds; under emulation a thousand times that.
constexpr int kLooksForExit = 500;
// What is kept of what libbpf prints: the verifier's complaint is at its end.
constexpr std::size_t kMaxPrinted = 256UL << 10U;

std::string& printed() {
  static std::string text;
  return text;
}

int keep_print(libbpf_print_level level, const char* format, va_list args) {
  if (level != LIBBPF_WARN) {
    return 0;
  }
  char* line = nullptr;
  const int size = ::vasprintf(&line, format, args);
  if (size >= 0) {
    printed().append(line, static_cast<std::size_t>(size));
    std::free(line);
    if (printed().size() > 2 * kMaxPrinted) {
      printed().erase(0, printed().size() - kMaxPrinted);
    }
  }
  return size;
}

void say(std::string_view word, const std::string& text) {
  const std::string line = report_line(word, text);
  std::fwrite(line.data(), 1, line.size(), stdout);
  std::fflush(stdout);
}

// The error of libbpf's last call, with what it printed.
std::unexpected<Error> libbpf_error(const std::string& what) {
  const std::string cause = cause_of(printed());
  return fail_errno(errno, what + (cause.empty() ? "" : ": " + cause));
}

using Object = std::unique_ptr<bpf_object, decltype(&bpf_object__close)>;
using Types = std::unique_ptr<btf, decltype(&btf__free)>;

class Loader {
 public:
  explicit Loader(const Options& options) : options_(options) {}

  Result<> load() {
    kernel_.reset(btf__load_vmlinux_btf());
    if (!kernel_) {
      return fail_errno(errno, "this kernel has no BTF");
    }
    const NoteSink note = [](const std::string& text) { say(kNote, text); };
    ObjectImage image = TRY(read_object(options_.object));
    fit_kfunc_names(image, *kernel_, note);
    // From which the kernel's names of its maps are made, as for an object opened by its path.
    const std::string name = std::filesystem::path(options_.object).filename();
    const std::string first_word = name.substr(0, name.find('.'));
    bpf_object_open_opts open{};
    open.sz = sizeof open;
    open.object_name = first_word.c_str();
    object_.reset(bpf_object__open_mem(image.bytes.data(), image.bytes.size(), &open));
    if (!object_) {
      return libbpf_error("open " + options_.object);
    }
    const btf* const types = bpf_object__btf(object_.get());
    if (types == nullptr) {
      return fail(StatusCode::kInvalidArgument, options_.object + " has no BTF", "compile with -g");
    }
    ops_ = TRY(StructOps::plan(image, *types, *kernel_, note));
    TRY(apply_settings());
    TRY(ops_.prepare(*object_));
    if (bpf_object__load(object_.get()) != 0) {
      return libbpf_error("load " + options_.object);
    }
    return {};
  }

  // Whether it is attached; else why not has been said.
  Result<bool> attach() {
    exit_ = std::make_unique<ExitRecord>(*object_);
    const std::uint64_t enabled_before = enable_seq();
    if (auto tried = ops_.attach(*object_); !tried) {
      return std::unexpected(busy(std::move(tried).error()));
    }
    // The kernel reports a failing init as an exit, not as an error; and one that was enabled may
    // have exited by now.
    if (enable_seq() != enabled_before) {
      say(kAttached, ops_.name());
      return true;
    }
    say(kFailed, "the kernel disabled it while it was being attached");
    report_end();
    return false;
  }

  void keep(const sigset_t& signals) {
    const timespec look{.tv_sec = 0, .tv_nsec = kLookNs};
    while (::sigtimedwait(&signals, nullptr, &look) < 0 && !exit_->read() &&
           sched_ext_state() == "enabled") {
    }
    report_end();
  }

 private:
  // The kernel says no more than that there is another one.
  static Error busy(Error error) {
    if (error.os_errno == EBUSY) {
      const std::string other = attached_scheduler();
      error.help =
          other.empty()
              ? "another scheduler is being attached or detached: sched_ext is " + sched_ext_state()
              : "scheduler '" + other + "' is attached";
    }
    return error;
  }

  Result<> apply_settings() {
    fill_enumerators(*object_, *kernel_);
    for (const auto& [name, value] : options_.globals) {
      TRY(set_variable(*object_, name, value));
    }
    for (const auto& [name, value] : options_.fields) {
      TRY(ops_.set_field(name, value));
    }
    // An attach fails when a CPU came or went after this: the object may count CPUs.
    if (const auto set = ops_.set_field("hotplug_seq", hotplug_seq()); !set) {
      say(kNote, set.error().message);
    }
    return {};
  }

  void report_end() {
    ops_.detach();
    std::optional<ExitInfo> info = exit_->read();
    for (int i = 0; !info && sched_ext_state() != "disabled" && i < kLooksForExit; ++i) {
      const timespec pause{.tv_sec = 0, .tv_nsec = kLookNs};
      ::nanosleep(&pause, nullptr);
      info = exit_->read();
    }
    if (!info) {
      info = exit_->read();
    }
    if (info) {
      say(kKind, std::to_string(info->kind));
      say(kCode, std::to_string(info->code));
      say(kReason, info->reason);
      say(kMessage, info->message);
      say(kDump, info->dump);
    }
    say(kEnded, ops_.name());
  }

  const Options& options_;
  Types kernel_{nullptr, btf__free};
  Object object_{nullptr, bpf_object__close};
  StructOps ops_;
  std::unique_ptr<ExitRecord> exit_;
};

int run(int argc, const char* const* argv) {
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGTERM);
  ::sigaddset(&signals, SIGINT);
  ::sigprocmask(SIG_BLOCK, &signals, nullptr);
  // It has to get its turn beside a workload that keeps every CPU busy. What fails is no harm.
  (void)::setpriority(PRIO_PROCESS, 0, -20);
  libbpf_set_print(keep_print);
  handle_struct_ops_sections();
  const auto options = parse_options(argc, argv);
  if (!options) {
    std::fprintf(stderr, "schedrig-scx: %s\n%s\n", options.error().message.c_str(),
                 options.error().help.c_str());
    return 2;
  }
  Loader loader(*options);
  const auto attached = [&]() -> Result<bool> {
    TRY(loader.load());
    return loader.attach();
  }();
  if (!attached) {
    const Error& error = attached.error();
    say(kFailed, error.message + (error.help.empty() ? "" : "; " + error.help));
    say(kLog, printed().substr(printed().size() - std::min(printed().size(), kMaxPrinted)));
    return 1;
  }
  if (!*attached) {
    return 1;
  }
  loader.keep(signals);
  return 0;
}

} // namespace
} // namespace schedrig::scx

int main(int argc, char** argv) {
  return schedrig::scx::run(argc, argv);
}
