// SPDX-License-Identifier: MIT
// The parent's half of a probe: prepares the child's process, waits for it with a deadline, reads
// how it ended.
#include "host/loader/probe.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string_view>

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/loader/probe_child.hpp"
#include "host/process/unique_fd.hpp"

namespace schedrig::loader {
namespace {

using Clock = std::chrono::steady_clock;

constexpr off_t kOutputBytes = off_t{64} * 1024; // enough for a sanitizer's report
constexpr std::size_t kQuotedBytes = 600;        // of it, in an error message

struct UnmapRecord {
  void operator()(ProbeRecord* record) const noexcept { ::munmap(record, sizeof(ProbeRecord)); }
};
using SharedRecord = std::unique_ptr<ProbeRecord, UnmapRecord>;

Result<SharedRecord> make_shared_record() {
  void* memory = ::mmap(nullptr, sizeof(ProbeRecord), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    return fail_errno(errno, "map the record of a plugin probe");
  }
  return SharedRecord(new (memory) ProbeRecord);
}

// Sealed against growth: a plugin that prints without end fills the file, not the machine.
Result<UniqueFd> make_output_file() {
  UniqueFd fd(::memfd_create("schedrig-probe-output", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd.valid() || ::ftruncate(fd.get(), kOutputBytes) != 0 ||
      ::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK) != 0) {
    return fail_errno(errno, "create the output file of a plugin probe");
  }
  return fd;
}

// In the child: false when the process could not be fenced in. Only system calls.
bool prepare_child(pid_t parent, int output) {
  // A limit of 1 also keeps the kernel from starting a core_pattern pipe helper, which 0 does not
  // (fs/coredump.c, Linux 6.18).
  struct rlimit core{};
  if (::getrlimit(RLIMIT_CORE, &core) == 0) {
    core.rlim_cur = core.rlim_max = std::min<rlim_t>(1, core.rlim_max);
    ::setrlimit(RLIMIT_CORE, &core);
  }
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || ::getppid() != parent) {
    return false; // the parent died before the line above could help
  }
  ::setpgid(0, 0);
  for (const int signal : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGINT, SIGTERM}) {
    ::signal(signal, SIG_DFL); // the host's handlers would report a crash of the host
  }
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (null < 0 || ::dup2(null, STDIN_FILENO) < 0 || ::dup2(output, STDOUT_FILENO) < 0 ||
      ::dup2(output, STDERR_FILENO) < 0) {
    return false;
  }
  // Nothing else that the host has open is the plugin's to write to.
  return ::close_range(STDERR_FILENO + 1, ~0U, 0) == 0;
}

// Waits for the child to end; kills it at the deadline. Reaps it, and ends what it left behind.
// The value is the status of waitpid, or nothing when the deadline passed.
std::optional<int> wait_for_child(pid_t child, std::chrono::milliseconds deadline) {
  // glibc 2.36 declares pidfd_open without extern "C".
  const UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
  const Clock::time_point end = Clock::now() + deadline;
  bool ended = false;
  while (!ended && pidfd.valid()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
    if (left <= 0) {
      break;
    }
    struct pollfd poll_fd = {.fd = pidfd.get(), .events = POLLIN, .revents = 0};
    ended = ::poll(&poll_fd, 1, static_cast<int>(std::min<std::int64_t>(left, 60'000))) > 0;
  }
  // The child, dead or alive, is not reaped yet, so its number still means its group.
  ::kill(-child, SIGKILL);
  ::kill(child, SIGKILL);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return ended ? std::optional(status) : std::nullopt;
}

template <std::size_t N> std::string text_of(const std::array<char, N>& bytes) {
  return {bytes.data(), ::strnlen(bytes.data(), N)};
}

// What the child printed, on one line, cut to kQuotedBytes; empty when it printed nothing.
std::string printed(int output) {
  const off_t used = std::min(::lseek(output, 0, SEEK_CUR), kOutputBytes);
  std::array<char, kQuotedBytes> bytes{};
  const auto want = static_cast<std::size_t>(std::clamp<off_t>(used, 0, kQuotedBytes));
  const ssize_t got = ::pread(output, bytes.data(), want, 0);
  std::string text;
  for (const char c : std::span(bytes).first(got > 0 ? static_cast<std::size_t>(got) : 0)) {
    const bool control = static_cast<unsigned char>(c) < 0x20U;
    if (!control) {
      text += c;
    } else if (!text.empty() && text.back() != ' ') {
      text += ' ';
    }
  }
  while (text.ends_with(' ')) {
    text.pop_back();
  }
  return text.empty() ? "" : "; it printed: " + text;
}

std::string_view stage_text(ProbeStage stage) {
  switch (stage) {
  case ProbeStage::kStarting:
    return "before it was loaded";
  case ProbeStage::kLoading:
    return "while its static constructors ran";
  case ProbeStage::kEntry:
    return "in its entry function";
  case ProbeStage::kDescriptor:
    return "while its descriptor was read";
  case ProbeStage::kCreating:
    return "in create";
  case ProbeStage::kDestroying:
    return "in destroy";
  case ProbeStage::kDone:
    break;
  }
  return "after it was done";
}

std::string signal_text(int signal) {
  const char* name = ::sigabbrev_np(signal);
  const char* description = ::sigdescr_np(signal);
  if (name == nullptr || description == nullptr) {
    return "signal " + std::to_string(signal);
  }
  return "SIG" + std::string(name) + " (" + description + ")";
}

Result<ProbeReport> read_verdict(const ProbeRecord& record) {
  if (record.status_code != 0) {
    return std::unexpected(Error{static_cast<StatusCode>(record.status_code),
                                 text_of(record.message), text_of(record.help), record.os_errno});
  }
  return ProbeReport{.id = text_of(record.id),
                     .name = text_of(record.name),
                     .version = text_of(record.version),
                     .licence = text_of(record.licence),
                     .description = text_of(record.description),
                     .params = record.params};
}

} // namespace

Result<ProbeReport> probe_plugin(const std::filesystem::path& path, std::uint32_t note_kind,
                                 std::chrono::milliseconds deadline) {
  const SharedRecord record = TRY(make_shared_record());
  const UniqueFd output = TRY(make_output_file());
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) {
    return fail_errno(errno, "fork a child to probe " + path.string());
  }
  if (child == 0) {
    if (!prepare_child(parent, output.get())) {
      ::_exit(1);
    }
    run_probe_child(path, note_kind, *record);
  }
  ::setpgid(child, child); // whichever of the two comes first; the other's call changes nothing
  const std::optional<int> status = wait_for_child(child, deadline);
  const ProbeStage stage = record->stage.load();
  const std::string where = std::string(stage_text(stage)) + printed(output.get());
  const std::string help = "run `schedrig plugins check " + path.string() +
                           "` under a debugger with `set follow-fork-mode child`";
  if (!status) {
    return fail(StatusCode::kTimeout,
                path.string() + ": the plugin did not answer within " +
                    std::to_string(deadline.count()) + " ms: it hung " + where,
                help);
  }
  if (WIFSIGNALED(*status)) {
    return fail(StatusCode::kInternal,
                path.string() + ": the plugin crashed with " + signal_text(WTERMSIG(*status)) +
                    " " + where,
                help);
  }
  if (stage != ProbeStage::kDone) {
    return fail(StatusCode::kInternal,
                path.string() + ": the plugin ended the process with exit code " +
                    std::to_string(WEXITSTATUS(*status)) + " " + where,
                help);
  }
  return read_verdict(*record);
}

} // namespace schedrig::loader
