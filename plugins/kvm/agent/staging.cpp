// SPDX-License-Identifier: MIT
#include "agent/staging.hpp"

#include <algorithm>
#include <array>
#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vmm/unique_fd.hpp"

namespace schedrig::agent {
namespace {

// What is the kernel's or the agent's own.
constexpr std::array<std::string_view, 4> kReserved = {"/proc/", "/sys/", "/dev/", "/init"};

Result<> check_path(std::string_view path) {
  const bool plain = path.starts_with('/') && !path.ends_with('/') &&
                     path.find('\0') == std::string_view::npos &&
                     (std::string(path) + "/").find("/../") == std::string::npos;
  if (!plain || std::ranges::any_of(
                    kReserved, [&](std::string_view start) { return path.starts_with(start); })) {
    return fail(StatusCode::kInvalidArgument,
                "no file can be staged as '" + std::string(path) + "'",
                "programs have absolute paths outside of /proc, /sys and /dev");
  }
  return {};
}

Result<> make_directories(const std::string& path) {
  for (std::size_t end = path.find('/', 1); end != std::string::npos;
       end = path.find('/', end + 1)) {
    const std::string directory = path.substr(0, end);
    if (::mkdir(directory.c_str(), 0755) != 0 && errno != EEXIST) {
      return fail_errno(errno, "mkdir " + directory);
    }
  }
  return {};
}

} // namespace

Result<> Staging::write(const kvm::StagePiece& piece) const {
  TRY(check_path(piece.path));
  const std::string path = root_ + std::string(piece.path);
  const std::string part = path + ".part";
  if (piece.offset == 0) {
    TRY(make_directories(path));
  }
  kvm::UniqueFd fd(::open(
      part.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | (piece.offset == 0 ? O_TRUNC : 0), 0600));
  if (!fd) {
    return fail_errno(errno, "open " + part);
  }
  std::string_view rest = piece.data;
  auto at = static_cast<off_t>(piece.offset);
  while (!rest.empty()) {
    const ssize_t wrote = ::pwrite(fd.get(), rest.data(), rest.size(), at);
    if (wrote < 0 && errno != EINTR) {
      const int error = errno;
      ::unlink(part.c_str());
      return fail_errno(error, "write " + std::to_string(rest.size()) + " bytes to " + part);
    }
    const auto done = static_cast<std::size_t>(std::max<ssize_t>(wrote, 0));
    rest.remove_prefix(done);
    at += static_cast<off_t>(done);
  }
  if (piece.last != 1) {
    return {};
  }
  const bool mode_set = ::fchmod(fd.get(), piece.mode) == 0;
  // Before it has its name: a program that somebody still writes to is ETXTBSY to who executes it.
  fd.reset();
  if (!mode_set || ::rename(part.c_str(), path.c_str()) != 0) {
    const int error = errno;
    ::unlink(part.c_str());
    return fail_errno(error, "rename " + part + " to " + path);
  }
  return {};
}

} // namespace schedrig::agent
