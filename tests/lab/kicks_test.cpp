// SPDX-License-Identifier: MIT
// A guest while its emulated CPUs are asked again and again to leave what they do: what a busy
// machine does now and then, made frequent. See host/lab/event_injection.hpp.
#include <atomic>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>
#include <thread>

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/support/run_command.hpp"

namespace schedrig {
namespace {

namespace fs = std::filesystem;

// Stops and continues all emulated CPUs through QEMU's monitor (QMP), `interval` apart.
class Kicks {
 public:
  Kicks(fs::path socket, std::chrono::milliseconds interval)
      : socket_(std::move(socket)), interval_(interval), thread_([this] { run(); }) {}
  ~Kicks() { stop(); }
  Kicks(const Kicks&) = delete;
  Kicks& operator=(const Kicks&) = delete;

  unsigned stop() {
    ending_ = true;
    if (thread_.joinable()) {
      thread_.join();
    }
    return count_;
  }

 private:
  bool connect_once(int fd) const {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    socket_.string().copy(address.sun_path, sizeof address.sun_path - 1);
    return ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }

  // Sends a command and reads up to its answer; events in between are passed over.
  bool execute(int fd, std::string_view command) {
    const std::string line = R"({"execute":")" + std::string(command) + "\"}\n";
    if (::send(fd, line.data(), line.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(line.size())) {
      return false;
    }
    std::string said;
    while (!ending_ && said.find("\"return\"") == std::string::npos) {
      pollfd ready{.fd = fd, .events = POLLIN, .revents = 0};
      if (::poll(&ready, 1, 100) <= 0) {
        continue;
      }
      char buffer[4096];
      const ssize_t got = ::recv(fd, buffer, sizeof buffer, 0);
      if (got <= 0) {
        return false;
      }
      said.append(buffer, static_cast<std::size_t>(got));
    }
    return true;
  }

  void run() {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    while (!ending_ && !connect_once(fd)) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    bool alive = execute(fd, "qmp_capabilities");
    while (!ending_ && alive) {
      alive = execute(fd, "stop") && execute(fd, "cont");
      count_ += alive ? 1 : 0;
      std::this_thread::sleep_for(interval_);
    }
    ::close(fd);
  }

  fs::path socket_;
  std::chrono::milliseconds interval_;
  std::atomic<bool> ending_ = false;
  std::atomic<unsigned> count_ = 0;
  std::thread thread_;
};

TEST(Lab, a_guest_outlives_kicks_of_the_emulated_cpus) {
  const fs::path socket =
      fs::path(testing::TempDir()) / ("kicks-" + std::to_string(getpid()) + ".qmp");
  Kicks kicks(socket, std::chrono::milliseconds(20));
  const std::string monitor = "unix:" + socket.string() + ",server=on,wait=off";
  const std::string scenario = SCHEDRIG_SOURCE_DIR "/configs/quickstart.toml";
  const auto result =
      test::run_command({SCHEDRIG_BINARY, "lab", "exec", "--timeout", "300", "--qemu", "-qmp",
                         "--qemu", monitor, "--stage", scenario, "--", SCHEDRIG_BINARY, "run",
                         scenario, "--set", "run.backend=\"kvm\""});
  const unsigned count = kicks.stop();
  fs::remove(socket);
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  EXPECT_GE(count, 100U) << "too few to prove anything";
}

} // namespace
} // namespace schedrig
