// SPDX-License-Identifier: MIT
// PayloadOutput: one stream of a payload: the pipe that it writes to, and what is kept of it: the
// beginning or the end, within a limit. The rest is read and dropped, so that a flood ends neither
// the payload nor the agent. Thread: the agent's only one.
#pragma once

#include <string>

#include "vmm/unique_fd.hpp"

namespace schedrig::agent {

enum class Keep { kBeginning, kEnd };

class PayloadOutput {
 public:
  PayloadOutput(Keep keep, std::size_t limit);

  // The reading end; non-blocking.
  void open(kvm::UniqueFd fd) noexcept { fd_ = std::move(fd); }
  [[nodiscard]] int fd() const noexcept { return fd_.get(); } // -1 after its end

  // Reads what is there, at most kMaxReadBytes; closes at the end of the stream.
  void read() noexcept;

  [[nodiscard]] std::string_view text() const noexcept;
  // Whether anything was kept since take_fresh().
  [[nodiscard]] bool fresh() const noexcept { return fresh_; }
  bool take_fresh() noexcept { return std::exchange(fresh_, false); }
  [[nodiscard]] bool truncated() const noexcept { return truncated_; }

 private:
  void keep(std::string_view bytes) noexcept;

  Keep keep_;
  std::size_t limit_;
  kvm::UniqueFd fd_;
  std::string kept_; // kEnd: up to twice the limit, of which the last count; never grows
  bool truncated_ = false;
  bool fresh_ = false;
};

} // namespace schedrig::agent
