// SPDX-License-Identifier: MIT
// Looking for the control port by name.
#include "agent/control_port.hpp"

#include <cerrno>

#include <fcntl.h>

#include "agent/clock.hpp"
#include "agent/file_ops.hpp"

namespace schedrig::agent {
namespace {

constexpr char kPorts[] = "/sys/class/virtio-ports";

// Class directories hold symbolic links, one a line, which list as plain names.
struct Found {
  std::string device; // "vport0p2", empty while missing
  std::string seen;   // "vport0p1=console, ..." for the error
};

Found look() {
  Found found;
  const FileResult list = execute({.kind = FileOpKind::kList, .path = kPorts, .data = {}});
  std::string_view rest = list.data;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    const std::string device(rest.substr(0, end));
    rest.remove_prefix(end + 1);
    const std::string file = std::string(kPorts) + "/" + device + "/name";
    FileResult name = execute({.kind = FileOpKind::kRead, .path = file, .data = {}});
    if (name.data.ends_with('\n')) {
      name.data.pop_back();
    }
    if (name.data == kControlPortName) {
      found.device = device;
      return found;
    }
    found.seen += (found.seen.empty() ? "" : ", ") + device + "='" + name.data + "'";
  }
  return found;
}

} // namespace

Result<kvm::UniqueFd> open_control_port(std::int64_t timeout_ns) {
  const std::int64_t until = monotonic_ns() + timeout_ns;
  while (true) {
    const Found found = look();
    if (!found.device.empty()) {
      const std::string path = "/dev/" + found.device;
      kvm::UniqueFd fd(::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
      if (!fd) {
        return fail_errno(errno, "open " + path);
      }
      return fd;
    }
    if (monotonic_ns() >= until) {
      return fail(StatusCode::kTimeout, std::string("no virtio port named ") + kControlPortName +
                                            "; found " +
                                            (found.seen.empty() ? "no port" : found.seen));
    }
    // sysfs has no event to wait for without a netlink socket, which a kernel may lack; a
    // millisecond is nothing beside a boot.
    const timespec pause{.tv_sec = 0, .tv_nsec = 1'000'000};
    ::nanosleep(&pause, nullptr);
  }
}

} // namespace schedrig::agent
