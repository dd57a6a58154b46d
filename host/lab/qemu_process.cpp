// SPDX-License-Identifier: MIT
// Implementation: socket pairs, fork, PDEATHSIG, exec.
#include "host/lab/qemu_process.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <system_error>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/lab/frame.hpp"
#include "host/process/child_process.hpp"
#include "host/process/exec_pointers.hpp"

namespace schedrig::lab {
namespace {

// For the emulated host only, never for guests. nokaslr, mitigations=off: emulation is slow
// enough; panic=-1 with -no-reboot: a panic ends QEMU at once instead of hanging.
constexpr const char* kHostCommandLine = "console=ttyS0 quiet nokaslr mitigations=off panic=-1 "
                                         "rdinit=/init";

struct Pair {
  UniqueFd ours;
  UniqueFd theirs;
};

Result<Pair> make_pair() {
  std::array<int, 2> fds{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.data()) != 0) {
    return fail_errno(errno, "cannot make a socket pair");
  }
  Pair pair{UniqueFd(fds[0]), UniqueFd(fds[1])};
  ::fcntl(pair.ours.get(), F_SETFL, O_NONBLOCK);
  return pair;
}

// Runs between fork and exec: async-signal-safe calls only.
[[noreturn]] void exec_qemu(char* const* argv, char* const* envp, pid_t parent,
                            const std::array<int, 3>& inherited, int out) {
  ::setpgid(0, 0); // Ctrl-C goes to schedrig alone, which ends the lab in order
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) {
    ::_exit(127);
  }
  ::dup2(::open("/dev/null", O_RDONLY | O_CLOEXEC), 0);
  ::dup2(out, 1);
  ::dup2(out, 2);
  for (const int fd : inherited) {
    ::fcntl(fd, F_SETFD, 0);
  }
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execve(argv[0], argv, envp);
  ::_exit(127);
}

} // namespace

std::vector<std::string> qemu_arguments(const Qemu& qemu, const HostSpec& spec, int channel_fd,
                                        int console_fd) {
  std::vector<std::string> args = qemu.command();
  const std::vector<std::string> own = {
      "-nodefaults",
      "-no-user-config",
      "-machine",
      "q35",
      "-accel",
      "tcg,thread=multi",
      "-cpu",
      "max,+svm,+npt",
      "-smp",
      std::to_string(spec.cpus + 1),
      "-m",
      std::to_string(spec.memory_mib) + "M",
      "-display",
      "none",
      "-no-reboot",
      "-kernel",
      spec.kernel.string(),
      "-initrd",
      "/proc/self/fd/" + std::to_string(spec.initramfs_fd),
      "-append",
      kHostCommandLine,
      "-chardev",
      "socket,id=console,fd=" + std::to_string(console_fd),
      "-serial",
      "chardev:console",
      "-chardev",
      "socket,id=channel,fd=" + std::to_string(channel_fd),
      "-device",
      "virtio-serial-pci",
      "-device",
      std::string("virtserialport,chardev=channel,name=") + kPortName,
  };
  args.insert(args.end(), own.begin(), own.end());
  for (const auto& dir : qemu.data_dirs) {
    args.emplace_back("-L");
    args.push_back(dir.string());
  }
  args.insert(args.end(), spec.qemu_arguments.begin(), spec.qemu_arguments.end());
  return args;
}

Result<QemuProcess> QemuProcess::start(const Qemu& qemu, const HostSpec& spec) {
  Pair channel = TRY(make_pair());
  Pair console = TRY(make_pair());
  Pair complaints = TRY(make_pair());
  auto args = qemu_arguments(qemu, spec, channel.theirs.get(), console.theirs.get());
  auto env = child_environment({});
  const auto argv = exec_pointers(args);
  const auto envp = exec_pointers(env);
  const pid_t parent = ::getpid();
  QemuProcess process;
  process.pid_ = ::fork();
  if (process.pid_ < 0) {
    return fail_errno(errno, "cannot start " + qemu.binary.string());
  }
  if (process.pid_ == 0) {
    exec_qemu(argv.data(), envp.data(), parent,
              {spec.initramfs_fd, channel.theirs.get(), console.theirs.get()},
              complaints.theirs.get());
  }
  process.pid_fd_.reset(static_cast<int>(::syscall(SYS_pidfd_open, process.pid_, 0)));
  if (!process.pid_fd_.valid()) {
    return fail_errno(errno, "cannot watch " + qemu.binary.string());
  }
  process.channel_ = std::move(channel.ours);
  process.console_ = std::move(console.ours);
  process.complaints_ = std::move(complaints.ours);
  return process;
}

QemuProcess::QemuProcess(QemuProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), pid_fd_(std::move(other.pid_fd_)),
      channel_(std::move(other.channel_)), console_(std::move(other.console_)),
      complaints_(std::move(other.complaints_)) {}

std::chrono::nanoseconds QemuProcess::cpu_wait() const {
  std::int64_t total = 0;
  std::error_code error;
  const std::filesystem::path tasks = "/proc/" + std::to_string(pid_) + "/task";
  for (const auto& task : std::filesystem::directory_iterator(tasks, error)) {
    std::int64_t on_cpu = 0;
    std::int64_t waited = 0;
    if (std::ifstream(task.path() / "schedstat") >> on_cpu >> waited) {
      total += waited;
    }
  }
  return std::chrono::nanoseconds(total);
}

QemuProcess::~QemuProcess() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
  }
}

} // namespace schedrig::lab
