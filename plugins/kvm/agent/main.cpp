// SPDX-License-Identifier: MIT
// schedrig-agent: PID 1 of a guest, or, with --fd N DIR, the same server on an inherited descriptor
// (no mounts, no priority, no power-off; staged files go below DIR), which is how it is tested on a
// workstation.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <string_view>

#include <sched.h>
#include <sys/mman.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/child_watch.hpp"
#include "agent/connection.hpp"
#include "agent/control_port.hpp"
#include "agent/mounts.hpp"
#include "agent/request_socket.hpp"
#include "agent/server.hpp"

namespace schedrig::agent {
namespace {

// The port's name is one control message behind the device, which is there before PID 1 is; ten
// seconds are for emulated hosts.
constexpr std::int64_t kPortTimeoutNs = 10'000'000'000;

void print(std::string_view text) {
  std::fprintf(stderr, "schedrig-agent: %.*s\n", static_cast<int>(text.size()), text.data());
}

// The observer must not wait for the scheduler that it observes: real-time tasks are served before
// every task of a fair or sched_ext scheduler, and the lowest real-time priority is enough for
// that. RT throttling (95% of each second) does not reach it: between requests, which take
// microseconds to milliseconds, it sleeps. Workers fall back to SCHED_OTHER and nice 0 by
// SCHED_RESET_ON_FORK.
//
// Nor must it wait for memory: a scenario may leave the guest without any. Locked pages, today's
// and those to come, are there before they are touched; workers do not inherit the lock.
Result<> become_observer() {
  const sched_param lowest{.sched_priority = 1};
  if (::sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &lowest) != 0) {
    return fail_errno(errno, "sched_setscheduler to SCHED_FIFO");
  }
  if (::mlockall(MCL_CURRENT | MCL_FUTURE) != 0) {
    return fail_errno(errno, "mlockall");
  }
  return {};
}

Result<> serve(kvm::UniqueFd fd, std::string stage_root) {
  Connection connection = TRY(Connection::open(std::move(fd)));
  ChildWatch children = TRY(ChildWatch::create());
  // A payload that is gone must not take the agent along.
  ::signal(SIGPIPE, SIG_IGN);
  RequestSocket requests = TRY(RequestSocket::open(stage_root + kRequestSocketPath));
  Server server(connection, children, requests, std::move(stage_root));
  return server.run();
}

Result<> serve_guest() {
  ::umask(0); // modes as asked for
  TRY(mount_all());
  TRY(become_observer());
  return serve(TRY(open_control_port(kPortTimeoutNs)), {});
}

// Nothing that this program meets may become an exit of PID 1: that is a kernel panic.
template <class Body> Result<> contain(Body&& body) noexcept {
  try {
    return body();
  } catch (const std::exception& error) {
    return fail(StatusCode::kInternal, std::string("uncaught exception: ") + error.what());
  }
}

int run_on_descriptor(const char* number, const char* stage_root) {
  char* end = nullptr;
  const long fd = std::strtol(number, &end, 10);
  if (end == number || *end != '\0' || fd < 0 || fd > 1'048'576) {
    print("--fd takes the number of an open descriptor");
    return 2;
  }
  const Result<> result =
      contain([&] { return serve(kvm::UniqueFd(static_cast<int>(fd)), stage_root); });
  if (!result) {
    print(result.error().message);
    return 1;
  }
  return 0;
}

[[noreturn]] void run_as_init() {
  const Result<> result = contain(serve_guest);
  if (!result) {
    print("fatal: " + result.error().message);
  }
  ::sync();
  while (true) {
    // Does not return where the kernel can power off; where it cannot, a reset ends the run too.
    ::reboot(RB_POWER_OFF);
    ::reboot(RB_AUTOBOOT);
  }
}

} // namespace
} // namespace schedrig::agent

int main(int argc, char** argv) {
  if (argc == 4 && std::string_view(argv[1]) == "--fd") {
    return schedrig::agent::run_on_descriptor(argv[2], argv[3]);
  }
  if (::getpid() != 1) {
    std::fputs("schedrig-agent runs as PID 1 of a guest, or with --fd N DIR\n", stderr);
    return 2;
  }
  schedrig::agent::run_as_init();
}
