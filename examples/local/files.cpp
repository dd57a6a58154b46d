// SPDX-License-Identifier: MIT
#include "files.hpp"

#include <algorithm>
#include <cerrno>
#include <optional>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <schedrig/export.hpp>

#include "clock.hpp"

namespace local {
namespace {

constexpr std::string_view kCgroups = "/sys/fs/cgroup";

struct Answer {
  int os_errno = 0;
  std::string data = {};
};

Answer last_error() {
  return {.os_errno = errno};
}

struct Place {
  int os_errno = 0; // why not
  std::string path = {};
};

// Where a path of the machine is on this one.
Place place_of(const FileOp& op, const CgroupRoot& root) {
  const std::string path(op.path);
  if (path.find('\0') != std::string::npos || (path + "/").find("/../") != std::string::npos) {
    return {.os_errno = EINVAL};
  }
  if (path == kCgroups || path.starts_with(std::string(kCgroups) + "/")) {
    const std::string rest = path.substr(kCgroups.size());
    const bool of_root = rest == "/cgroup.procs" || rest == "/cgroup.threads";
    return {.path = root.path().string() + std::string(of_root ? kRunner : "") + rest};
  }
  const bool read_only = path.starts_with("/proc/") || path.starts_with("/sys/");
  if (!read_only || path.starts_with("/proc/irq/") || path == "/proc/interrupts") {
    return {.os_errno = ENOENT};
  }
  const bool reads = op.kind == FileOpKind::kRead || op.kind == FileOpKind::kList;
  return {.os_errno = reads ? 0 : EACCES, .path = path};
}

Answer read_file(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) {
    return last_error();
  }
  Answer answer;
  char part[4096];
  ssize_t got = 0;
  while ((got = read(fd, part, sizeof part)) > 0 && answer.data.size() <= kMaxFileBytes) {
    answer.data.append(part, static_cast<std::size_t>(got));
  }
  answer.os_errno = got < 0 ? errno : got > 0 ? EFBIG : 0;
  close(fd);
  return answer;
}

Answer write_file(const std::string& path, std::string_view data) {
  const int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) {
    return last_error();
  }
  const ssize_t wrote = write(fd, data.data(), data.size());
  const int os_errno = wrote < 0 ? errno : std::cmp_equal(wrote, data.size()) ? 0 : EIO;
  close(fd);
  return {.os_errno = os_errno};
}

Answer list_folder(const std::string& path) {
  std::error_code error;
  std::vector<std::string> names;
  for (fs::directory_iterator it(path, error); !error && it != fs::directory_iterator();
       it.increment(error)) {
    names.push_back(it->path().filename().string() + (it->is_directory() ? "/" : ""));
  }
  std::ranges::sort(names);
  Answer answer{.os_errno = error.value()};
  for (const std::string& name : names) {
    answer.data += name + "\n";
  }
  return answer;
}

// /proc/PID/cgroup with the private cgroup as the root, which is what the machine's kernel says.
std::string seen_from(const CgroupRoot& root, const std::string& cgroups) {
  const std::string inside = root.name();
  const std::size_t at = cgroups.find(inside, ("\n" + cgroups).find("\n0::/"));
  if (at == std::string::npos) {
    return "0::/\n";
  }
  const std::string rest = cgroups.substr(at + inside.size());
  return "0::" + (rest == std::string(kRunner) + "\n" || rest == "\n" ? "/\n" : rest);
}

Answer execute(const FileOp& op, const CgroupRoot& root) {
  const Place place = place_of(op, root);
  if (place.os_errno != 0) {
    return {.os_errno = place.os_errno};
  }
  const std::string& path = place.path;
  switch (op.kind) {
  case FileOpKind::kRead: {
    Answer answer = read_file(path);
    if (path.starts_with("/proc/") && path.ends_with("/cgroup")) {
      answer.data = seen_from(root, answer.data);
    }
    return answer;
  }
  case FileOpKind::kWrite:
    return write_file(path, op.data);
  case FileOpKind::kMkdir:
    return mkdir(path.c_str(), 0755) == 0 ? Answer{} : last_error();
  case FileOpKind::kRmdir:
    return rmdir(path.c_str()) == 0 ? Answer{} : last_error();
  case FileOpKind::kList:
    return list_folder(path);
  }
  return {.os_errno = EINVAL};
}

} // namespace

Status LocalFiles::run(std::span<const FileOp> ops, FileBatchMode mode,
                       FileReplySink& sink) noexcept {
  return guard("run file operations", [&]() -> Result<> {
    const auto too_long = [](const FileOp& op) {
      return op.path.size() > kMaxPathBytes || op.data.size() > kMaxFileBytes;
    };
    if (ops.size() > kMaxFileOps || std::ranges::any_of(ops, too_long)) {
      return fail(StatusCode::kInvalidArgument, "a batch or one of its operations is too large");
    }
    for (std::uint32_t i = 0; i < ops.size(); ++i) {
      const Answer answer = execute(ops[i], root_);
      sink.on_reply(i, {.os_errno = answer.os_errno,
                        .at_ns = clock_ns() - boot_ns_,
                        .data = answer.os_errno == 0 ? answer.data : std::string_view()});
      if (answer.os_errno != 0 && mode == FileBatchMode::kStopAtFirstError) {
        break;
      }
    }
    return {};
  });
}

} // namespace local
