// SPDX-License-Identifier: MIT
// PID 1 of the VMM's test guests: prints what the kernel made of the machine, then obeys one-word
// commands on the control port: "echo TEXT", "topology", "complaints", "text" (where the kernel
// runs), "bulk N" (N blocks of 64 KiB), "spin", "poweroff", "reboot", "panic".
//
// Static, no dependency on the product's agent: it tests the VMM alone. Every line on the console
// starts with "guest: ". Errors end it, which the kernel turns into a panic that the test sees.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include <dirent.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
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

// What the kernel says when tables, leaves and devices do not fit together. Lines of its log.
std::string complaints() {
  const int fd = ::open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  std::string found;
  char record[8192];
  for (ssize_t got = 0; fd >= 0 && (got = ::read(fd, record, sizeof(record))) > 0;) {
    const std::string text(record, static_cast<std::size_t>(got));
    for (const char* bad :
         {"Firmware Bug", "FW_BUG", "BIOS Error", "BIOS error", "ACPI Error", "ACPI Warning",
          "WARNING:", "BUG:", "borken", "not on the same node", "Call Trace"}) {
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

void obey(int port, const std::string& line) {
  const std::string command = line.substr(0, line.find(' '));
  const std::string argument = line.size() > command.size() ? line.substr(command.size() + 1) : "";
  if (command == "echo") {
    send_all(port, argument + "\n");
  } else if (command == "topology") {
    send_all(port, topology() + "\n");
  } else if (command == "complaints") {
    send_all(port, complaints() + "\n");
  } else if (command == "text") {
    send_all(port, kernel_text() + "\n");
  } else if (command == "bulk") {
    const std::string block(65536, 'x');
    for (int i = std::atoi(argument.c_str()); i > 0; --i) {
      send_all(port, block);
    }
    send_all(port, "\n");
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
