// SPDX-License-Identifier: MIT
#include "machine.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <schedrig/export.hpp>

#include "clock.hpp"

namespace local {

Result<std::unique_ptr<LocalMachine>> LocalMachine::create(const MachineSpec& spec) {
  const long online = sysconf(_SC_NPROCESSORS_ONLN);
  if (std::cmp_not_equal(cpu_count(spec.topology), online)) {
    return fail(StatusCode::kUnsupported,
                "the topology " + to_string(spec.topology) + " has " +
                    std::to_string(cpu_count(spec.topology)) + " CPUs, this machine has " +
                    std::to_string(online) + " online",
                "use topology = \"host\"");
  }
  const ParamValue* root = find_param(spec.params, "root");
  const fs::path base = TRY(find_base(root == nullptr ? std::string_view() : root->text));
  const int wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (wake_fd < 0) {
    return fail_errno(errno, "eventfd");
  }
  return std::unique_ptr<LocalMachine>(new LocalMachine(base, wake_fd));
}

LocalMachine::~LocalMachine() {
  close(wake_fd_);
}

void* LocalMachine::query(std::string_view interface_id) noexcept {
  if (interface_id == SchedulersFacet::kInterfaceId) {
    return static_cast<SchedulersFacet*>(this);
  }
  if (interface_id == FilesFacet::kInterfaceId) {
    return static_cast<FilesFacet*>(&files_);
  }
  if (interface_id == TasksFacet::kInterfaceId) {
    return static_cast<TasksFacet*>(&tasks_);
  }
  if (interface_id == AffinityFacet::kInterfaceId) {
    return static_cast<AffinityFacet*>(&tasks_);
  }
  return nullptr;
}

Status LocalMachine::boot(std::int64_t /*timeout_ns*/) noexcept {
  return guard("boot", [&]() -> Result<> {
    if (boot_ns_ != 0) {
      return fail(StatusCode::kInvalidArgument, "the machine has been booted before");
    }
    TRY(root_.create());
    boot_ns_ = clock_ns();
    files_.set_boot_time(boot_ns_);
    tasks_.set_boot_time(boot_ns_);
    return {};
  });
}

std::int64_t LocalMachine::now_ns() noexcept {
  return boot_ns_ == 0 ? 0 : clock_ns() - boot_ns_;
}

Status LocalMachine::wait_until(std::int64_t deadline_ns, WakeReason* reason) noexcept {
  return guard("wait", [&]() -> Result<> {
    pollfd wake = {.fd = wake_fd_, .events = POLLIN, .revents = 0};
    int ready = 0;
    do {
      const std::int64_t left = std::max<std::int64_t>(deadline_ns - now_ns(), 0);
      const timespec timeout = {.tv_sec = left / 1'000'000'000, .tv_nsec = left % 1'000'000'000};
      ready = ppoll(&wake, 1, &timeout, nullptr);
    } while (ready < 0 && errno == EINTR);
    if (ready < 0) {
      return fail_errno(errno, "ppoll");
    }
    std::uint64_t interrupts = 0;
    const bool interrupted = read(wake_fd_, &interrupts, sizeof interrupts) > 0;
    *reason = interrupted ? WakeReason::kInterrupted : WakeReason::kDeadline;
    return {};
  });
}

void LocalMachine::interrupt() noexcept {
  const std::uint64_t one = 1;
  (void)!write(wake_fd_, &one, sizeof one);
}

void LocalMachine::describe(FactSink& sink) noexcept {
  (void)guard("describe", [&] {
    utsname kernel{};
    uname(&kernel);
    sink.on_fact("kernel.release", kernel.release);
    sink.on_fact("local.cgroup", root_.path().string());
  });
}

Status LocalMachine::shut_down(std::int64_t /*timeout_ns*/) noexcept {
  return guard("shut_down", [&]() -> Result<> {
    tasks_.end_all();
    return root_.remove();
  });
}

Status LocalMachine::can_attach(std::string_view id, Plugin& /*scheduler*/) noexcept {
  if (id == "eevdf") {
    return {};
  }
  return Status::make(StatusCode::kUnsupported, "backend local attaches no scheduler",
                      "use scheduler = \"eevdf\": what this machine's kernel runs");
}

Status LocalMachine::attach(std::string_view id, Plugin& scheduler, ParamsView /*params*/,
                            std::int64_t /*timeout_ns*/) noexcept {
  return can_attach(id, scheduler);
}

Status LocalMachine::detach(std::int64_t /*timeout_ns*/) noexcept {
  return Status::make(StatusCode::kNotFound, "detach: no scheduler is attached");
}

} // namespace local
