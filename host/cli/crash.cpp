// SPDX-License-Identifier: MIT
#include "host/cli/crash.hpp"

#include <array>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>
#include <string_view>

#include <dlfcn.h>
#include <ucontext.h>
#include <unistd.h>

#include "host/cli/verb.hpp"

namespace schedrig::cli {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitizerReports = true; // and says more
#else
constexpr bool kSanitizerReports = false;
#endif

pid_t reporter = 0;
bool finished = false;
std::terminate_handler terminate_before = nullptr;

void say(std::string_view text) noexcept {
  (void)!write(STDERR_FILENO, text.data(), text.size());
}

// Only what may be called from a handler, and dladdr: it takes no lock that the crashed code could
// hold outside of the dynamic linker.
void report(int signal, siginfo_t* /*info*/, void* context) noexcept {
  if (getpid() != reporter) { // forked: whoever waits for it looks for the signal
    std::signal(signal, SIG_DFL);
    (void)std::raise(signal);
    return;
  }
  const auto* machine = static_cast<const ucontext_t*>(context);
  // NOLINTNEXTLINE(performance-no-int-to-ptr): a register holds an address as a number
  auto* const at = reinterpret_cast<void*>(machine->uc_mcontext.gregs[REG_RIP]);
  Dl_info where = {};
  const bool known = dladdr(at, &where) != 0 && where.dli_fname != nullptr;
  say("schedrig: error: crashed (");
  say(signal == SIGSEGV  ? "SIGSEGV"
      : signal == SIGBUS ? "SIGBUS"
      : signal == SIGFPE ? "SIGFPE"
      : signal == SIGILL ? "SIGILL"
                         : "SIGABRT");
  say(") in ");
  say(known ? where.dli_fname : "code that belongs to no file");
  say("\n  help: if that is a plugin, it is the plugin's defect; gdb --args and the same command "
      "shows where\n"
      "schedrig: verdict=error exit=5 end=crash\n");
  _exit(kExitInfrastructure);
}

// A plugin that calls exit(3) would end the run with the code of its choice, 0 for one.
void report_exit() noexcept {
  if (finished || getpid() != reporter) {
    return;
  }
  say("schedrig: error: something called exit in the middle\n"
      "  help: if that is a plugin, it is the plugin's defect: it reports errors, and returns\n"
      "schedrig: verdict=error exit=5 end=crash\n");
  _exit(kExitInfrastructure);
}

// A std::bad_alloc that met a noexcept function or the end of a thread.
[[noreturn]] void report_terminate() noexcept {
  if (std::current_exception() != nullptr && getpid() == reporter) {
    try {
      throw;
    } catch (const std::bad_alloc&) {
      _exit(report_out_of_memory());
    } catch (...) { // the handler before says what it is
    }
  }
  terminate_before();
  std::abort();
}

} // namespace

int report_out_of_memory() noexcept {
  say("schedrig: error: out of memory\n"
      "  help: raise the limit (ulimit -v or -u, memory.max), or make the machine or the workload "
      "smaller\n"
      "schedrig: verdict=error exit=5 end=infrastructure\n");
  return kExitInfrastructure;
}

int report_defect(const char* what) noexcept {
  say("schedrig: internal error: ");
  say(what);
  say("\nschedrig: verdict=error exit=5 end=infrastructure\n");
  return kExitInfrastructure;
}

void note_finished() noexcept {
  finished = true;
}

void report_crashes() noexcept {
  reporter = getpid();
  (void)std::atexit(report_exit);
  terminate_before = std::set_terminate(report_terminate);
  if (kSanitizerReports) {
    return;
  }
  static std::array<std::byte, 1U << 16U> stack; // the crash may be the end of the own one
  const stack_t alternative = {.ss_sp = stack.data(), .ss_flags = 0, .ss_size = stack.size()};
  sigaltstack(&alternative, nullptr);
  struct sigaction action = {};
  action.sa_sigaction = report;
  action.sa_flags = static_cast<int>(SA_SIGINFO | SA_ONSTACK | SA_RESETHAND);
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) {
    sigaction(signal, &action, nullptr);
  }
}

} // namespace schedrig::cli
