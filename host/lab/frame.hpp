// SPDX-License-Identifier: MIT
// The lab's channel: frames between the lab's init (in the emulated host) and run_in_lab.
//
// A stream over one virtio-serial port. Header of 8 bytes, little-endian: type u32, length u32;
// then `length` bytes. Both ends bound the length before they keep anything. No checksum: the
// channel is a socket pair and shared memory, nothing on it loses bytes.
// Shared with the static init program: no library beyond the language's. Thread: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

namespace schedrig::lab {

inline constexpr char kPortName[] = "schedrig.lab";    // virtio-serial port's name
inline constexpr char kRequestPath[] = "/lab/request"; // in the initramfs, see request.hpp
inline constexpr char kModulesDir[] = "/lab/modules";  // *.ko, loaded in the order of names
inline constexpr std::uint32_t kProtocolVersion = 1;
// One read of a pipe; also bounds what a confused peer can make us hold.
inline constexpr std::uint32_t kMaxPayload = 64U << 10U;

enum class FrameType : std::uint32_t {
  kHello = 1,    // Hello: the emulated host is up
  kStdout = 2,   // bytes of the command's stdout
  kStderr = 3,   // bytes of the command's stderr
  kFileData = 4, // u32 index of the output, then bytes of it, in order
  kFileEnd = 5,  // FileEnd: this output is complete, or could not be read
  kExit = 6,     // Exit: the last frame
  kFileName =
      7,        // u32 index of a family of outputs, then the rest of a file's name: its data follow
  kCancel = 16, // host to init, empty: interrupt the command (SIGINT to its process group)
};

struct Hello {
  std::uint32_t version = kProtocolVersion;
  std::uint32_t kvm_errno = 0; // of opening /dev/kvm; 0: it is there
};

struct FileEnd {
  std::uint32_t index = 0;
  std::uint32_t read_errno = 0; // 0: complete
  std::uint32_t mode = 0;       // permission bits
};

struct Exit {
  std::uint32_t code = 0;       // exit code, or 128 + signal
  std::uint32_t exec_errno = 0; // not 0: the command could not be started
};

struct FrameHeader {
  FrameType type{};
  std::uint32_t length = 0;
};
static_assert(sizeof(FrameHeader) == 8 && sizeof(Hello) == 8 && sizeof(FileEnd) == 12 &&
              sizeof(Exit) == 8);

struct Frame {
  FrameType type{};
  std::string_view payload; // valid until the parser is fed again

  // The payload as a T; false when its length is another.
  template <class T> bool get(T& value) const {
    if (payload.size() != sizeof(T)) {
      return false;
    }
    payload.copy(reinterpret_cast<char*>(&value), sizeof(T));
    return true;
  }
};

// Cuts a stream into frames. Feed what arrived, then take frames until there is none.
class FrameParser {
 public:
  enum class Outcome : std::uint8_t { kFrame, kNeedMore, kBad };

  void feed(std::string_view bytes) {
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(taken_));
    taken_ = 0;
    buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
  }

  // kBad: a length above the bound; the stream is lost, there is nothing to resynchronise to.
  Outcome next(Frame& frame) {
    FrameHeader header;
    if (buffer_.size() - taken_ < sizeof header) {
      return Outcome::kNeedMore;
    }
    std::memcpy(&header, buffer_.data() + taken_, sizeof header);
    if (header.length > kMaxPayload) {
      return Outcome::kBad;
    }
    if (buffer_.size() - taken_ - sizeof header < header.length) {
      return Outcome::kNeedMore;
    }
    frame.type = header.type;
    frame.payload = {buffer_.data() + taken_ + sizeof header, header.length};
    taken_ += sizeof header + header.length;
    return Outcome::kFrame;
  }

 private:
  std::vector<char> buffer_;
  std::size_t taken_ = 0;
};

} // namespace schedrig::lab
