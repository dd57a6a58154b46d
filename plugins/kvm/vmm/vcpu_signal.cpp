// SPDX-License-Identifier: MIT
// Thread start and the kick signal.
#include "vcpu_signal.hpp"

#include <mutex>
#include <system_error>
#include <utility>

#include <signal.h>

namespace schedrig::kvm {
namespace {

// Delivery alone is what counts: it makes KVM_RUN return EINTR.
void on_kick(int /*signal*/) {}

} // namespace

Result<std::thread> start_thread(const std::string& name, std::function<void()> body) {
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread thread;
  int error = 0;
  try {
    thread = std::thread(std::move(body));
  } catch (const std::system_error& failure) {
    error = failure.code().value();
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (error != 0) {
    return fail_errno(error, "start thread " + name);
  }
  ::pthread_setname_np(thread.native_handle(), name.substr(0, 15).c_str());
  return thread;
}

Result<> install_kick_handler() {
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  struct sigaction current{};
  if (::sigaction(SIGRTMIN, nullptr, &current) != 0) {
    return fail_errno(errno, "sigaction SIGRTMIN");
  }
  if (current.sa_handler == on_kick) {
    return {};
  }
  if (current.sa_handler != SIG_DFL) {
    return fail(StatusCode::kUnsupported,
                "SIGRTMIN already has a handler in this process; vCPUs need it",
                "remove that handler");
  }
  struct sigaction action{};
  action.sa_handler = on_kick; // no SA_RESTART: KVM_RUN must return
  if (::sigaction(SIGRTMIN, &action, nullptr) != 0) {
    return fail_errno(errno, "sigaction SIGRTMIN");
  }
  return {};
}

void unblock_kick_signal() noexcept {
  sigset_t kick;
  ::sigemptyset(&kick);
  ::sigaddset(&kick, SIGRTMIN);
  ::pthread_sigmask(SIG_UNBLOCK, &kick, nullptr);
}

void send_kick(pthread_t thread) noexcept {
  ::pthread_kill(thread, SIGRTMIN);
}

} // namespace schedrig::kvm
