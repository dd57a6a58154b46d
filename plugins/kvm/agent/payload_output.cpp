// SPDX-License-Identifier: MIT
#include "agent/payload_output.hpp"

#include <algorithm>
#include <cerrno>

#include <unistd.h>

namespace schedrig::agent {
namespace {

// A pipe's own size: what a payload can have written before the agent looks again. A payload that
// writes all the time must not keep the agent from its requests.
constexpr std::size_t kMaxReadBytes = 65'536;
constexpr std::size_t kChunkBytes = 16'384;

} // namespace

PayloadOutput::PayloadOutput(Keep keep, std::size_t limit) : keep_(keep), limit_(limit) {
  kept_.reserve(keep == Keep::kBeginning ? limit : 2 * limit + kChunkBytes);
}

void PayloadOutput::read() noexcept {
  char chunk[kChunkBytes];
  for (std::size_t done = 0; done < kMaxReadBytes && fd_;) {
    const ssize_t got = ::read(fd_.get(), chunk, sizeof chunk);
    if (got > 0) {
      keep({chunk, static_cast<std::size_t>(got)});
      done += static_cast<std::size_t>(got);
    } else if (got < 0 && errno == EINTR) {
      continue;
    } else {
      if (got == 0 || errno != EAGAIN) {
        fd_.reset();
      }
      return;
    }
  }
}

void PayloadOutput::keep(std::string_view bytes) noexcept {
  if (keep_ == Keep::kBeginning) {
    const std::size_t room = limit_ - kept_.size();
    fresh_ = fresh_ || room > 0;
    truncated_ = truncated_ || bytes.size() > room;
    kept_.append(bytes.substr(0, room));
    return;
  }
  fresh_ = true;
  kept_.append(bytes);
  truncated_ = truncated_ || kept_.size() > limit_;
  if (kept_.size() > 2 * limit_) {
    kept_.erase(0, kept_.size() - limit_);
  }
}

std::string_view PayloadOutput::text() const noexcept {
  const std::string_view all = kept_;
  return all.substr(all.size() - std::min(all.size(), limit_));
}

} // namespace schedrig::agent
