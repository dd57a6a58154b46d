// SPDX-License-Identifier: MIT
// Writing newc records; reading the agent.
#include "backend/initramfs.hpp"

#include <cstring>

#include <sys/stat.h>
#include <sys/sysmacros.h>

namespace schedrig::kvm {
namespace {

struct Entry {
  std::string_view name; // without a leading slash
  mode_t mode = 0;
  dev_t device = 0;
  ByteView data;
};

// The agent is below a megabyte when optimised, some ten with debug information.
constexpr std::uint64_t kMaxAgentBytes = 64U << 20;

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

Result<MappedFile> open_agent(const std::string& path) {
  auto agent = MappedFile::open(path, kMaxAgentBytes);
  if (!agent) {
    Error error = std::move(agent).error().context("guest agent");
    const bool unfit =
        error.code == StatusCode::kInvalidArgument || error.code == StatusCode::kBadData;
    error.code = unfit ? StatusCode::kBadData : StatusCode::kNotFound;
    error.help = "build the target schedrig_agent, or reinstall schedrig";
    return std::unexpected(std::move(error));
  }
  // ELF, 64-bit, little-endian: a wrong file would only show as "no working init found".
  constexpr std::string_view kElf64 = "\177ELF\2\1";
  if (agent->bytes().size() < kElf64.size() ||
      std::memcmp(agent->bytes().data(), kElf64.data(), kElf64.size()) != 0) {
    return fail(StatusCode::kBadData, "the guest agent " + path + " is no 64-bit ELF file");
  }
  return agent;
}

} // namespace schedrig::kvm
