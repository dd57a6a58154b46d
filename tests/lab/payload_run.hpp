// SPDX-License-Identifier: MIT
// A run on kvm that consists of one payload, and what its report says of the kernel. Thread: any.
#pragma once

#include <filesystem>
#include <string>

namespace schedrig::lab {

// A config: two CPUs, and the program, whose metrics must pass `checks` (TOML).
[[nodiscard]] std::string payload_config(const std::string& program, const std::string& checks);

// The same of a shell script that must print "good: 1". Written to `dir`; the config's path.
[[nodiscard]] std::filesystem::path write_script_run(const std::filesystem::path& dir,
                                                     const std::string& commands);

// Commands of such a script: good where the kernel runs where it was linked to, or elsewhere.
[[nodiscard]] std::string good_at_link_address();
[[nodiscard]] std::string good_elsewhere();

// "none": the report does not say.
struct MachineFacts {
  std::string start; // cold, fork or reset
  std::string image_format;
  std::string kaslr;
};
[[nodiscard]] MachineFacts machine_facts(const std::filesystem::path& report);

[[nodiscard]] std::string text_of(const std::filesystem::path& path);

} // namespace schedrig::lab
