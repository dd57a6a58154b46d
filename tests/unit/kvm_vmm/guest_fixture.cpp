// SPDX-License-Identifier: MIT
#include "guest_fixture.hpp"

#include <cstdint>
#include <cstdio>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

namespace schedrig::kvm::test {
namespace {

void append(std::string& to, std::span<const std::byte> bytes) {
  to.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

// newc: "070701", thirteen 8-digit hex fields, the name, the data, both padded to 4 bytes.
void add_entry(std::string& archive, const std::string& name, std::uint32_t mode,
               std::string_view data, std::uint32_t device_major = 0,
               std::uint32_t device_minor = 0) {
  const std::uint32_t fields[13] = {0,
                                    mode,
                                    0,
                                    0,
                                    1,
                                    0,
                                    static_cast<std::uint32_t>(data.size()),
                                    0,
                                    0,
                                    device_major,
                                    device_minor,
                                    static_cast<std::uint32_t>(name.size() + 1),
                                    0};
  archive += "070701";
  for (const std::uint32_t field : fields) {
    char text[9];
    std::snprintf(text, sizeof(text), "%08x", field);
    archive += text;
  }
  archive += name + '\0';
  archive.resize((archive.size() + 3) / 4 * 4);
  archive += data;
  archive.resize((archive.size() + 3) / 4 * 4);
}

} // namespace

void RecordingSink::on_console(std::span<const std::byte> bytes) noexcept {
  const std::lock_guard lock(mutex_);
  append(console_, bytes);
  if (echo_) {
    [[maybe_unused]] const ssize_t written = ::write(STDOUT_FILENO, bytes.data(), bytes.size());
  }
  changed_.notify_all();
}

void RecordingSink::on_control(std::span<const std::byte> bytes) noexcept {
  const std::lock_guard lock(mutex_);
  append(control_, bytes);
  changed_.notify_all();
}

void RecordingSink::on_control_open(bool open) noexcept {
  const std::lock_guard lock(mutex_);
  open_ = open;
  changed_.notify_all();
}

void RecordingSink::on_end(const VmEnd& end) noexcept {
  const std::lock_guard lock(mutex_);
  end_ = end;
  changed_.notify_all();
}

void RecordingSink::on_notice(std::string_view text) noexcept {
  const std::lock_guard lock(mutex_);
  notices_ += std::string(text) + "\n";
}

std::optional<std::string> RecordingSink::next_line(Timeout timeout) {
  std::unique_lock lock(mutex_);
  std::size_t end = std::string::npos;
  changed_.wait_for(lock, timeout, [&] {
    end = control_.find('\n');
    return end != std::string::npos || end_;
  });
  if (end == std::string::npos) {
    return std::nullopt;
  }
  std::string line = control_.substr(0, end);
  control_.erase(0, end + 1);
  return line;
}

std::optional<VmEnd> RecordingSink::wait_end(Timeout timeout) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, timeout, [&] { return end_.has_value(); });
  return end_;
}

VmEnd RecordingSink::end_within(Timeout timeout) {
  VmEnd running;
  running.kind = VmEndKind::kHostError;
  running.detail = "still running";
  return wait_end(timeout).value_or(running);
}

void RecordingSink::forget_end() {
  const std::lock_guard lock(mutex_);
  end_.reset();
}

std::string RecordingSink::console() const {
  const std::lock_guard lock(mutex_);
  return console_;
}

std::string RecordingSink::notices() const {
  const std::lock_guard lock(mutex_);
  return notices_;
}

std::string read_text(const std::string& path) {
  std::string text;
  if (std::FILE* file = std::fopen(path.c_str(), "rbe"); file != nullptr) {
    char buffer[4096];
    for (std::size_t got = 0; (got = std::fread(buffer, 1, sizeof(buffer), file)) != 0;) {
      text.append(buffer, got);
    }
    std::fclose(file);
  }
  return text;
}

std::vector<std::byte> initramfs_of(std::span<const std::byte> program) {
  constexpr std::uint32_t kDirectory = 0040755;
  constexpr std::uint32_t kExecutable = 0100755;
  constexpr std::uint32_t kCharacterDevice = 0020600;
  std::string archive;
  for (const char* name : {"dev", "proc", "sys"}) {
    add_entry(archive, name, kDirectory, {});
  }
  add_entry(archive, "dev/console", kCharacterDevice, {}, 5, 1);
  add_entry(archive, "init", kExecutable,
            {reinterpret_cast<const char*>(program.data()), program.size()});
  add_entry(archive, "TRAILER!!!", 0, {});
  const auto bytes = std::as_bytes(std::span(archive));
  return {bytes.begin(), bytes.end()};
}

std::vector<std::byte> image_of(const std::vector<std::uint8_t>& code) {
  constexpr std::size_t kSetupBytes = 2 * 512;
  std::vector<std::byte> image(kSetupBytes + 4096);
  const auto put = [&](std::size_t at, auto value) {
    std::memcpy(image.data() + at, &value, sizeof(value));
  };
  put(0x1f1, std::uint8_t{1});
  put(0x1f4, std::uint32_t{4096 / 16});
  put(0x1fe, std::uint16_t{0xaa55});
  put(0x202, std::uint32_t{0x53726448});
  put(0x206, std::uint16_t{0x020f});
  put(0x230, std::uint32_t{0x200000});
  put(0x236, std::uint16_t{1});
  put(0x238, std::uint32_t{2047});
  put(0x258, std::uint64_t{0x1000000});
  put(0x260, std::uint32_t{0x100000});
  std::memcpy(image.data() + kSetupBytes + 0x200, code.data(), code.size());
  return image;
}

int open_files() {
  int count = 0;
  for (int fd = 0; fd < 1024; ++fd) {
    count += ::fcntl(fd, F_GETFD) != -1 ? 1 : 0;
  }
  return count;
}

} // namespace schedrig::kvm::test
