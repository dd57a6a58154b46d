// SPDX-License-Identifier: MIT
#include "host/cli/crash.hpp"

#include <array>
#include <csignal>
#include <cstring>
#include <string_view>

#include <dlfcn.h>
#include <ucontext.h>
#include <unistd.h>

#include "host/cli/verb.hpp"

namespace schedrig::cli {
namespace {

pid_t reporter = 0;

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
  auto* const at = reinterpret_cast<void*>(machine->uc_mcontext.gregs[REG_RIP]);
  Dl_info where = {};
  const bool known = dladdr(at, &where) != 0 && where.dli_fname != nullptr;
  say("schedrig: error: crashed (");
  say(signal == SIGSEGV  ? "SIGSEGV"
      : signal == SIGBUS ? "SIGBUS"
      : signal == SIGFPE ? "SIGFPE"
                         : "SIGILL");
  say(") in ");
  say(known ? where.dli_fname : "code that belongs to no file");
  say("\n  help: if that is a plugin, it is the plugin's defect; gdb --args and the same command "
      "shows where\n"
      "schedrig: verdict=error exit=5 end=crash\n");
  _exit(kExitInfrastructure);
}

} // namespace

void report_crashes() noexcept {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  reporter = getpid();
  static std::array<std::byte, 1U << 16U> stack; // the crash may be the end of the own one
  const stack_t alternative = {.ss_sp = stack.data(), .ss_flags = 0, .ss_size = stack.size()};
  sigaltstack(&alternative, nullptr);
  struct sigaction action = {};
  action.sa_sigaction = report;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESETHAND;
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL}) {
    sigaction(signal, &action, nullptr);
  }
#endif
}

} // namespace schedrig::cli
