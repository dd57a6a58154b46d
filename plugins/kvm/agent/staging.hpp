// SPDX-License-Identifier: MIT
// Writes the files that the host brings after the boot: programs and their libraries. A file is
// complete before it has its name. Thread: the agent's only one.
#pragma once

#include <string>

#include <schedrig/result.hpp>

#include "channel/payload_messages.hpp"

namespace schedrig::agent {

class Staging {
 public:
  // Files go below `root`; empty: this machine's own root.
  explicit Staging(std::string root) : root_(std::move(root)) {}

  // Makes the directories above it. Errors: kInvalidArgument (path), kOs.
  [[nodiscard]] Result<> write(const kvm::StagePiece& piece) const;

 private:
  std::string root_;
};

} // namespace schedrig::agent
