// SPDX-License-Identifier: MIT
// PID 1 of the VMM's test guests: prints what the kernel made of the machine, then obeys one-word
// commands on the control port: "echo TEXT", "topology", "memory" (each node's KiB), "complaints",
// "text" (where the kernel runs), "bulk N" (N blocks of 64 KiB), "work N" (N processes that
// compute, sleep, and count on the console), "round" (a sleep on every CPU, a file, a child),
// "dirty N" (writes to N pages that nobody has written to before), "spin", "poweroff", "reboot",
// "panic".
//
// Static, no dependency on the product's agent: it tests the VMM alone. Every line on the console
// starts with "guest: ". Errors end it, which the kernel turns into a panic that the test sees.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

std::string read_text(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  std::string text;
  if (fd < 0) {
    return "?";
  }
  char buffer[4096];
  for (ssize_t got = 0; (got = ::read(fd, buffer, sizeof(buffer))) > 0;) {
    text.append(buffer, static_cast<std::size_t>(got));
  }
  ::close(fd);
  while (!text.empty() && text.back() == '\n') {
    text.pop_back();
  }
  return text;
}

void say(const std::string& text) {
  const std::string line = "guest: " + text + "\n";
  // The console is the only way to say anything: a failure to write has nowhere to go.
  [[maybe_unused]] const ssize_t written = ::write(STDOUT_FILENO, line.data(), line.size());
}

[[noreturn]] void give_up(const char* what) {
  say(std::string(what) + ": " + std::strerror(errno));
  ::_exit(1);
}

// "vport0p1" by its name in sysfs, as a real agent finds it.
std::string find_control_port() {
  const std::string root = "/sys/class/virtio-ports";
  DIR* dir = ::opendir(root.c_str());
  if (dir == nullptr) {
    return {};
  }
  std::string found;
  while (const dirent* entry = ::readdir(dir)) {
    if (read_text(root + "/" + entry->d_name + "/name") == "schedrig.control") {
      found = entry->d_name;
    }
  }
  ::closedir(dir);
  return found;
}

int open_control_port() {
  for (int tries = 0; tries < 1000; ++tries) {
    const std::string port = find_control_port();
    if (!port.empty()) {
      const int fd = ::open(("/dev/" + port).c_str(), O_RDWR | O_CLOEXEC);
      if (fd >= 0) {
        return fd;
      }
    }
    ::usleep(1000); // the port's driver reads its name after the port appears
  }
  give_up("control port");
}

std::string topology() {
  std::string text;
  const std::string root = "/sys/devices/system/";
  text += "online=" + read_text(root + "cpu/online") + ";";
  text += "nodes=" + read_text(root + "node/online") + ";";
  for (int node = 0;; ++node) {
    const std::string path = root + "node/node" + std::to_string(node);
    if (::access(path.c_str(), F_OK) != 0) {
      break;
    }
    text += "node" + std::to_string(node) + "=" + read_text(path + "/cpulist") + "|" +
            read_text(path + "/distance") + ";";
  }
  for (int cpu = 0;; ++cpu) {
    const std::string path = root + "cpu/cpu" + std::to_string(cpu);
    if (::access(path.c_str(), F_OK) != 0) {
      break;
    }
    text += "cpu" + std::to_string(cpu) +
            "=pkg:" + read_text(path + "/topology/package_cpus_list") +
            ",llc:" + read_text(path + "/cache/index3/shared_cpu_list") +
            ",core:" + read_text(path + "/topology/core_cpus_list") + ";";
  }
  return text;
}

// MemTotal of each node, in KiB, in the order of their numbers.
std::string node_memory() {
  std::string text;
  for (int node = 0;; ++node) {
    const std::string info =
        read_text("/sys/devices/system/node/node" + std::to_string(node) + "/meminfo");
    const std::size_t at = info.find("MemTotal:");
    if (at == std::string::npos) {
      return text;
    }
    text += (node == 0 ? "" : " ") + std::to_string(std::atoll(info.c_str() + at + 9));
  }
}

// What the kernel says when tables, leaves and devices do not fit together. Lines of its log.
std::string complaints() {
  const int fd = ::open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  std::string found;
  char record[8192];
  for (ssize_t got = 0; fd >= 0 && (got = ::read(fd, record, sizeof(record))) > 0;) {
    const std::string text(record, static_cast<std::size_t>(got));
    for (const char* bad :
         {"Firmware Bug", "FW_BUG", "BIOS Error", "BIOS error", "ACPI Error", "ACPI Warning",
          "WARNING:", "BUG:", "borken", "not on the same node", "Call Trace", "soft lockup",
          "detected stall", "Marking TSC unstable", "clocksource: timekeeping watchdog",
          "Spurious LAPIC", "hung_task", "blocked for more than"}) {
      // "... WARNING: See https://.../hw-vuln/...": about the CPU, not about us.
      if (text.find(bad) != std::string::npos && text.find("/hw-vuln/") == std::string::npos) {
        found += text.substr(text.find(';') + 1, 200) + ";";
        break;
      }
    }
  }
  for (char& c : found) {
    c = c == '\n' ? ' ' : c;
  }
  return fd < 0 ? "no /dev/kmsg" : found.empty() ? "none" : found;
}

// The address of the kernel's first instruction, which KASLR chooses anew at each boot.
std::string kernel_text() {
  const std::string symbols = read_text("/proc/kallsyms");
  const std::size_t at = symbols.find(" T _text\n");
  return at == std::string::npos || at < 16 ? "?" : symbols.substr(at - 16, 16);
}

void send_all(int fd, const std::string& text) {
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t sent = ::write(fd, text.data() + done, text.size() - done);
    if (sent < 0) {
      give_up("write control port");
    }
    done += static_cast<std::size_t>(sent);
  }
}

// Until the guest ends. Each line's number is one more than the one before.
[[noreturn]] void work(int worker) {
  constexpr timespec kPause{.tv_sec = 0, .tv_nsec = 1'000'000};
  for (unsigned count = 0;; ++count) {
    say("worker " + std::to_string(worker) + " count " + std::to_string(count));
    for (int i = 0; i < 20'000; ++i) {
      asm volatile("");
    }
    ::nanosleep(&kPause, nullptr);
  }
}

std::int64_t now_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

struct Sleeper {
  pthread_t thread{};
  int cpu = 0;
  std::int64_t late_ns = -1;
};

void* sleep_on_cpu(void* argument) {
  constexpr std::int64_t kSleepNs = 20'000'000;
  Sleeper& self = *static_cast<Sleeper*>(argument);
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  CPU_SET(self.cpu, &cpus);
  if (::sched_setaffinity(0, sizeof cpus, &cpus) != 0) {
    return nullptr;
  }
  const std::int64_t wake_ns = now_ns() + kSleepNs;
  const timespec wake{.tv_sec = wake_ns / 1'000'000'000, .tv_nsec = wake_ns % 1'000'000'000};
  ::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &wake, nullptr);
  self.late_ns = now_ns() - wake_ns;
  return nullptr;
}

bool file_survives() {
  const std::string text = std::to_string(now_ns());
  const int fd = ::open("/round", O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
  const bool written = fd >= 0 && ::write(fd, text.data(), text.size()) > 0;
  ::close(fd);
  return written && read_text("/round") == text;
}

bool child_returns() {
  const pid_t child = ::fork();
  if (child == 0) {
    ::_exit(42);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 42;
}

// "STARTED_NS ok LATE_NS LATE_NS ...", one a CPU.
std::string play_round() {
  const std::int64_t started_ns = now_ns();
  std::vector<Sleeper> sleepers(static_cast<std::size_t>(::sysconf(_SC_NPROCESSORS_ONLN)));
  for (std::size_t cpu = 0; cpu < sleepers.size(); ++cpu) {
    sleepers[cpu].cpu = static_cast<int>(cpu);
    ::pthread_create(&sleepers[cpu].thread, nullptr, sleep_on_cpu, &sleepers[cpu]);
  }
  const bool ok = file_survives() && child_returns();
  std::string text = std::to_string(started_ns) + (ok ? " ok" : " failed");
  for (Sleeper& sleeper : sleepers) {
    ::pthread_join(sleeper.thread, nullptr);
    text += " " + std::to_string(sleeper.late_ns);
  }
  return text;
}

// What it writes to stays its own, so that the next call has others.
std::string dirty(std::size_t pages) {
  constexpr std::size_t kPage = 4096;
  void* const memory =
      ::mmap(nullptr, pages * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    return "no memory";
  }
  ::madvise(memory, pages * kPage, MADV_NOHUGEPAGE);
  for (std::size_t page = 0; page < pages; ++page) {
    static_cast<volatile char*>(memory)[page * kPage] = 1;
  }
  return "dirty";
}

void obey(int port, const std::string& line) {
  const std::string command = line.substr(0, line.find(' '));
  const std::string argument = line.size() > command.size() ? line.substr(command.size() + 1) : "";
  if (command == "echo") {
    send_all(port, argument + "\n");
  } else if (command == "topology") {
    send_all(port, topology() + "\n");
  } else if (command == "memory") {
    send_all(port, node_memory() + "\n");
  } else if (command == "complaints") {
    send_all(port, complaints() + "\n");
  } else if (command == "text") {
    send_all(port, kernel_text() + "\n");
  } else if (command == "time") {
    send_all(port, std::to_string(now_ns()) + "\n");
  } else if (command == "bulk") {
    const std::string block(65536, 'x');
    for (int i = std::atoi(argument.c_str()); i > 0; --i) {
      send_all(port, block);
    }
    send_all(port, "\n");
  } else if (command == "work") {
    for (int worker = 0; worker < std::atoi(argument.c_str()); ++worker) {
      if (::fork() == 0) {
        work(worker);
      }
    }
    send_all(port, "working\n");
  } else if (command == "dirty") {
    send_all(port, dirty(std::strtoull(argument.c_str(), nullptr, 10)) + "\n");
  } else if (command == "round") {
    send_all(port, play_round() + "\n");
  } else if (command == "poweroff") {
    ::reboot(RB_POWER_OFF);
  } else if (command == "reboot") {
    ::reboot(RB_AUTOBOOT);
  } else if (command == "panic") {
    const int fd = ::open("/proc/sysrq-trigger", O_WRONLY | O_CLOEXEC);
    [[maybe_unused]] const ssize_t written = ::write(fd, "c", 1);
  } else if (command == "spin") {
    for (;;) {
      asm volatile("pause");
    }
  }
}

} // namespace

int main() {
  ::mount("devtmpfs", "/dev", "devtmpfs", 0, nullptr);
  ::mount("proc", "/proc", "proc", 0, nullptr);
  ::mount("sysfs", "/sys", "sysfs", 0, nullptr);
  const int console = ::open("/dev/console", O_RDWR);
  if (console >= 0) {
    ::dup2(console, STDOUT_FILENO);
    ::dup2(console, STDERR_FILENO);
  }
  say("user space, " + read_text("/proc/sys/kernel/osrelease") + ", uptime " +
      read_text("/proc/uptime"));
  const int port = open_control_port();
  send_all(port, "ready\n");
  std::string pending;
  char buffer[4096];
  for (;;) {
    const ssize_t got = ::read(port, buffer, sizeof(buffer));
    if (got <= 0) {
      give_up("read control port");
    }
    const std::size_t fresh = pending.size(); // what is before it has no line end
    pending.append(buffer, static_cast<std::size_t>(got));
    for (std::size_t end = fresh; (end = pending.find('\n', end)) != std::string::npos; end = 0) {
      obey(port, pending.substr(0, end));
      pending.erase(0, end + 1);
    }
  }
}
