// SPDX-License-Identifier: MIT
// Mirror: where this machine gets Debian packages from, read from its own apt configuration.
//
// No host name is written anywhere in schedrig: the address comes from `apt-get indextargets`
// (apt-get(8)), which answers from the configured sources even before the first update.
// Knows nothing about the suites that schedrig wants from it. Thread: any.
#pragma once

#include <string>
#include <string_view>

#include <schedrig/result.hpp>

namespace schedrig::apt {

struct Mirror {
  std::string uri;      // of the archive, with a trailing slash
  std::string codename; // the machine's own release, such as "bookworm"
  std::string keyring;  // archive keyring to verify with; empty: apt's trusted keys
};

// os_release: the text of /etc/os-release. targets: one index target a line, "REPO_URI|RELEASE".
// Takes the first target whose release is the machine's codename or "stable", "testing",
// "unstable", "oldstable" - not -updates, -security or -backports.
// Errors: kUnsupported (not Debian, or no such target).
Result<Mirror> parse_mirror(std::string_view os_release, std::string_view targets);

// Asks the machine. Errors: as parse_mirror; kUnsupported (no apt here), kTimeout.
Result<Mirror> machine_mirror();

} // namespace schedrig::apt
