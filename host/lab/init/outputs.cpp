// SPDX-License-Identifier: MIT
#include "host/lab/init/outputs.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/lab/init/command.hpp"

namespace schedrig::lab {
namespace {

constexpr std::size_t kChunk = 32U << 10U;

std::string directory_of(const std::string& path) {
  return path.substr(0, path.rfind('/') + 1);
}

// What follows `start` in the names of files that begin with it.
std::vector<std::string> family_of(const std::string& start) {
  std::vector<std::string> rests;
  const std::string first = start.substr(start.rfind('/') + 1);
  DIR* const directory = ::opendir(directory_of(start).c_str());
  if (directory == nullptr) {
    return rests;
  }
  while (const dirent* const entry = ::readdir(directory)) {
    const std::string name = entry->d_name;
    if (name.size() > first.size() && name.starts_with(first)) {
      rests.push_back(name.substr(first.size()));
    }
  }
  ::closedir(directory);
  std::ranges::sort(rests);
  return rests;
}

void send_piece(int port, FrameType type, std::uint32_t index, const char* data, std::size_t size) {
  std::array<char, sizeof index + kChunk> buffer{};
  std::memcpy(buffer.data(), &index, sizeof index);
  std::memcpy(buffer.data() + sizeof index, data, size);
  send_frame(port, type, buffer.data(), static_cast<std::uint32_t>(sizeof index + size));
}

void send_file(int port, std::uint32_t index, const std::string& path) {
  FileEnd end{index, 0, 0};
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  struct stat info{};
  if (fd < 0 || ::fstat(fd, &info) != 0) {
    end.read_errno = static_cast<std::uint32_t>(errno);
  }
  end.mode = info.st_mode & 0777U;
  std::array<char, kChunk> buffer{};
  while (end.read_errno == 0) {
    const ssize_t n = ::read(fd, buffer.data(), buffer.size());
    if (n < 0 && errno != EINTR) {
      end.read_errno = static_cast<std::uint32_t>(errno);
    }
    if (n == 0) {
      break;
    }
    if (n > 0) {
      send_piece(port, FrameType::kFileData, index, buffer.data(), static_cast<std::size_t>(n));
    }
  }
  if (fd >= 0) {
    ::close(fd);
  }
  send_frame(port, FrameType::kFileEnd, &end, sizeof end);
}

} // namespace

void send_outputs(int port, const InitRequest& request) {
  for (std::uint32_t index = 0; index < request.outputs.size(); ++index) {
    const InitRequest::Output& output = request.outputs[index];
    if (!output.family) {
      send_file(port, index, output.path);
      continue;
    }
    for (const std::string& rest : family_of(output.path)) {
      send_piece(port, FrameType::kFileName, index, rest.data(), rest.size());
      send_file(port, index, output.path + rest);
    }
  }
}

} // namespace schedrig::lab
