// SPDX-License-Identifier: MIT
// Implementation of Mirror: parse what apt says about its own sources.
#include "host/apt/mirror.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>

#include "host/process/child_process.hpp"

namespace schedrig::apt {
namespace {

constexpr const char* kHelp =
    "QEMU and kernels are fetched from Debian's archive, through Debian's apt; on another "
    "distribution add a kernel of yours with 'schedrig kernel add PATH'";

// Installed by debian-archive-keyring; Debian 13 keeps the .gpg name as a link to the .pgp file.
constexpr std::array kKeyrings = {"/usr/share/keyrings/debian-archive-keyring.gpg",
                                  "/usr/share/keyrings/debian-archive-keyring.pgp"};

std::string_view next_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

// A value of os-release(5); quotes are optional there.
std::string_view os_release_value(std::string_view text, std::string_view key) {
  while (!text.empty()) {
    std::string_view line = next_line(text);
    if (line.starts_with(key) && line.substr(key.size()).starts_with('=')) {
      line.remove_prefix(key.size() + 1);
      if (line.size() >= 2 && line.front() == '"' && line.back() == '"') {
        line = line.substr(1, line.size() - 2);
      }
      return line;
    }
  }
  return {};
}

bool is_base_release(std::string_view release, std::string_view codename) {
  constexpr std::array<std::string_view, 4> kAliases = {"stable", "testing", "unstable",
                                                        "oldstable"};
  return release == codename || std::ranges::find(kAliases, release) != kAliases.end();
}

} // namespace

Result<Mirror> parse_mirror(std::string_view os_release, std::string_view targets) {
  const std::string_view id = os_release_value(os_release, "ID");
  const std::string_view codename = os_release_value(os_release, "VERSION_CODENAME");
  if (id != "debian" || codename.empty()) {
    return fail(StatusCode::kUnsupported,
                "this machine is not a Debian release (ID is \"" + std::string(id) +
                    "\", VERSION_CODENAME is \"" + std::string(codename) + "\")",
                kHelp);
  }
  while (!targets.empty()) {
    const std::string_view line = next_line(targets);
    const std::size_t bar = line.find('|');
    // A line that apt would read as two words must never reach a sources list of ours.
    const bool clean = line.find_first_of(" \t[]\"#") == std::string_view::npos;
    if (bar != std::string_view::npos && bar > 0 && clean &&
        is_base_release(line.substr(bar + 1), codename)) {
      return Mirror{std::string(line.substr(0, bar)), std::string(codename), {}};
    }
  }
  return fail(StatusCode::kUnsupported,
              "this machine's apt has no source of Debian " + std::string(codename), kHelp);
}

Result<Mirror> machine_mirror() {
  auto asked = run_child_ok({.argv = {"apt-get", "indextargets", "--no-release-info", "--format",
                                      "$(REPO_URI)|$(RELEASE)", "Identifier: Packages"},
                             .env = {},
                             .working_dir = {},
                             .deadline = std::chrono::seconds(30)});
  if (!asked && asked.error().code == StatusCode::kNotFound) {
    return fail(StatusCode::kUnsupported, "this machine has no apt-get", kHelp);
  }
  if (!asked) {
    return std::unexpected(std::move(asked.error()).context("reading apt's own sources"));
  }
  std::ifstream file("/etc/os-release");
  std::string os_release;
  std::getline(file, os_release, '\0');
  Mirror mirror = TRY(parse_mirror(os_release, asked->out));
  for (const char* keyring : kKeyrings) {
    if (std::filesystem::exists(keyring)) {
      mirror.keyring = keyring;
      break;
    }
  }
  return mirror;
}

} // namespace schedrig::apt
