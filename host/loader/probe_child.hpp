// SPDX-License-Identifier: MIT
// The child's half of a probe, and the record through which it tells its parent how far it got.
//
// The record lies in memory shared by both. The child runs foreign code that may scribble over it,
// so the parent copies it and believes no length and no terminator in it.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <filesystem>

namespace schedrig::loader {

// What the child was doing when it ended. The numbers only go up.
enum class ProbeStage : std::uint32_t {
  kStarting = 0,
  kLoading = 1,    // dlopen: static constructors run
  kEntry = 2,      // the entry function
  kDescriptor = 3, // the host reads what the descriptor points to
  kCreating = 4,
  kDestroying = 5,
  kDone = 6, // the verdict is in the record
};

struct ProbeRecord {
  std::atomic<ProbeStage> stage = ProbeStage::kStarting;
  std::uint32_t status_code = 0; // StatusCode
  std::int32_t os_errno = 0;
  std::uint32_t params = 0;
  std::array<char, 4096> message = {}; // a path and a sentence
  std::array<char, 1024> help = {};
  std::array<char, 128> id = {};
  std::array<char, 256> name = {};
  std::array<char, 256> version = {};
  std::array<char, 256> licence = {};
  std::array<char, 1024> description = {};
};
static_assert(std::atomic<ProbeStage>::is_always_lock_free);

// Called in the child, after fork and after the parent's half has prepared the process. Tries the
// plugin, fills the record, ends the process. Never returns.
[[noreturn]] void run_probe_child(const std::filesystem::path& path, std::uint32_t note_kind,
                                  ProbeRecord& record);

} // namespace schedrig::loader
