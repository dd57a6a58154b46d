// SPDX-License-Identifier: MIT
// Writing newc records; reading the agent.
#include "backend/initramfs.hpp"

#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "vmm/unique_fd.hpp"

namespace schedrig::kvm {
namespace {

struct Entry {
  std::string_view name; // without a leading slash
  mode_t mode = 0;
  dev_t device = 0;
  ByteView data;
};

// The agent is below a megabyte when optimised, some ten with debug information.
constexpr off_t kMaxAgentBytes = off_t{64} << 20;

void put_hex(Bytes& out, std::uint64_t value) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  for (int shift = 28; shift >= 0; shift -= 4) {
    out.push_back(static_cast<std::byte>(kDigits[(value >> shift) & 0xFU]));
  }
}

void put(Bytes& out, ByteView data) {
  out.insert(out.end(), data.begin(), data.end());
}

void pad(Bytes& out) {
  out.resize((out.size() + 3) / 4 * 4);
}

void put_entry(Bytes& out, const Entry& entry) {
  put(out, std::as_bytes(std::span(std::string_view("070701"))));
  const std::uint64_t name_bytes = entry.name.size() + 1;
  // ino, mode, uid, gid, nlink, mtime, filesize, devmajor, devminor, rdevmajor, rdevminor,
  // namesize, check: the inode number tells hard links apart, of which there are none.
  for (const std::uint64_t field :
       {std::uint64_t{0}, std::uint64_t{entry.mode}, std::uint64_t{0}, std::uint64_t{0},
        std::uint64_t{1}, std::uint64_t{0}, std::uint64_t{entry.data.size()}, std::uint64_t{0},
        std::uint64_t{0}, std::uint64_t{major(entry.device)}, std::uint64_t{minor(entry.device)},
        name_bytes, std::uint64_t{0}}) {
    put_hex(out, field);
  }
  put(out, std::as_bytes(std::span(entry.name)));
  out.push_back(std::byte{0});
  pad(out);
  put(out, entry.data);
  pad(out);
}

} // namespace

Bytes build_initramfs(ByteView agent) {
  Bytes archive;
  archive.reserve(agent.size() + 1024);
  put_entry(archive, {.name = "dev", .mode = S_IFDIR | 0755, .device = 0, .data = {}});
  // Character device 5:1: Documentation/admin-guide/devices.txt.
  put_entry(archive,
            {.name = "dev/console", .mode = S_IFCHR | 0600, .device = makedev(5, 1), .data = {}});
  put_entry(archive, {.name = "init", .mode = S_IFREG | 0755, .device = 0, .data = agent});
  put_entry(archive, {.name = "TRAILER!!!", .mode = 0, .device = 0, .data = {}});
  return archive;
}

Result<Bytes> read_agent(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status{};
  if (!fd || ::fstat(fd.get(), &status) != 0) {
    Error error = fail_errno(errno, "open the guest agent " + path,
                             "build the target schedrig_agent, or reinstall schedrig")
                      .error();
    error.code = StatusCode::kNotFound;
    return std::unexpected(std::move(error));
  }
  if (!S_ISREG(status.st_mode) || status.st_size < 64 || status.st_size > kMaxAgentBytes) {
    return fail(StatusCode::kBadData,
                "the guest agent " + path + " is no file of 64 bytes to 64 MiB");
  }
  Bytes agent(static_cast<std::size_t>(status.st_size));
  std::size_t used = 0;
  while (used < agent.size()) {
    const ssize_t got = ::read(fd.get(), agent.data() + used, agent.size() - used);
    if (got <= 0) {
      return fail_errno(got < 0 ? errno : EIO, "read the guest agent " + path);
    }
    used += static_cast<std::size_t>(got);
  }
  // ELF, 64-bit, little-endian: a wrong file would only show as "no working init found".
  if (std::memcmp(agent.data(), "\177ELF\2\1", 6) != 0) {
    return fail(StatusCode::kBadData, "the guest agent " + path + " is no 64-bit ELF file");
  }
  return agent;
}

} // namespace schedrig::kvm
