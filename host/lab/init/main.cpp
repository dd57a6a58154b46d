// SPDX-License-Identifier: MIT
// The lab's init: PID 1 of the emulated host. Sets the machine up, runs the one command it was
// made for, sends back what came of it, powers off. Static: the initramfs has no library for it.
#include <fcntl.h>
#include <unistd.h>

#include "host/lab/init/command.hpp"
#include "host/lab/init/machine.hpp"
#include "host/lab/init/outputs.hpp"

namespace {

std::string read_all(const char* path) {
  std::string text;
  const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
  char buffer[4096];
  for (ssize_t n = 0; fd >= 0 && (n = ::read(fd, buffer, sizeof buffer)) > 0;) {
    text.append(buffer, static_cast<std::size_t>(n));
  }
  if (fd >= 0) {
    ::close(fd);
  }
  return text;
}

} // namespace

int main() {
  using namespace schedrig::lab;
  mount_all();
  load_modules();
  allow_huge_pages();
  InitRequest request;
  if (!decode(read_all(kRequestPath), request)) {
    log_line("no request that can be read");
    power_off();
  }
  const int port = open_port();
  if (port < 0) {
    log_line("no virtio-serial port " + std::string(kPortName));
    power_off();
  }
  const Hello hello{kProtocolVersion, probe_kvm()};
  send_frame(port, FrameType::kHello, &hello, sizeof hello);
  const Exit exit = run_command(port, request);
  send_outputs(port, request);
  send_frame(port, FrameType::kExit, &exit, sizeof exit);
  power_off();
}
