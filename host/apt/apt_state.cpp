// SPDX-License-Identifier: MIT
// Implementation of AptState on apt-get(8), apt-cache(8), apt-config(8) and dpkg(1).
#include "host/apt/apt_state.hpp"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <sstream>
#include <system_error>

#include "host/process/child_process.hpp"

namespace schedrig::apt {
namespace {

namespace fs = std::filesystem;
using std::chrono::seconds;

// Index files of one suite are some 10 MB, a kernel with its modules 80 MB: minutes on a slow
// line, never an hour.
constexpr seconds kQueryDeadline{60};
constexpr seconds kUpdateDeadline{300};
constexpr seconds kDownloadDeadline{900};

Result<> write_text(const fs::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (!file) {
    return fail(StatusCode::kOs, "cannot write " + path.string());
  }
  return {};
}

bool is_word(const std::string& text) {
  return !text.empty() && std::ranges::all_of(text, [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '.' || c == '+' || c == '_' || c == '~' ||
           c == '/' || c == ':';
  });
}

// The system's "Acquire" settings, as apt.conf lines: proxies and the like must keep working when
// its configuration files, with the hooks in them, are not read.
Result<std::string> acquire_settings() {
  const auto dump = TRY(run_child_ok(
      {.argv = {"apt-config", "dump"}, .env = {}, .working_dir = {}, .deadline = kQueryDeadline}));
  std::string settings;
  std::istringstream lines(dump.out);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("Acquire::") && !line.starts_with("Acquire::IndexTargets")) {
      settings += line + "\n";
    }
  }
  return settings;
}

Result<ChildOutcome> run_apt(const fs::path& dir, std::vector<std::string> argv, seconds deadline,
                             const std::string& working_dir = {}) {
  return run_child_ok(
      {.argv = std::move(argv),
       .env = {{"APT_CONFIG", (dir / "apt.conf").string()}, {"DEBIAN_FRONTEND", "noninteractive"}},
       .working_dir = working_dir,
       .deadline = deadline});
}

} // namespace

Result<AptState> AptState::open(const fs::path& dir, const Mirror& mirror,
                                const std::vector<std::string>& suites) {
  std::error_code error;
  for (const char* sub : {"lists/partial", "cache/archives/partial"}) {
    fs::create_directories(dir / sub, error);
    if (error) {
      return fail_errno(error.value(), "cannot make " + (dir / sub).string());
    }
  }
  const std::string signed_by = mirror.keyring.empty() ? "" : " signed-by=" + mirror.keyring;
  const std::string before_suite = "deb [arch=amd64" + signed_by + "] " + mirror.uri + " ";
  std::string sources;
  for (const std::string& suite : suites) {
    if (!is_word(suite)) {
      return fail(StatusCode::kInvalidArgument, "not the name of a suite: \"" + suite + "\"");
    }
    sources.append(before_suite).append(suite).append(" main\n");
  }
  TRY(write_text(dir / "sources.list", sources));
  const std::string root = dir.string();
  // No part of the system's configuration is read: its hooks must not run for our downloads.
  // As root apt would drop to its own user, who cannot reach a cache in root's home.
  const std::string conf = TRY(acquire_settings()) + "Dir::Etc::main \"/dev/null\";\n" +
                           "Dir::Etc::parts \"/dev/null\";\n" + "Dir::Etc::sourceparts \"-\";\n" +
                           "Dir::Etc::sourcelist \"" + root + "/sources.list\";\n" +
                           "Dir::Etc::preferencesparts \"-\";\n" +
                           "Dir::Etc::preferences \"/dev/null\";\n" + "Dir::State::lists \"" +
                           root + "/lists\";\n" + "Dir::Cache \"" + root + "/cache\";\n" +
                           "APT::Sandbox::User \"root\";\n" + "Acquire::Languages \"none\";\n" +
                           "Acquire::Retries \"2\";\n" + "APT::Update::Error-Mode \"any\";\n";
  TRY(write_text(dir / "apt.conf", conf));
  return AptState(dir, suites);
}

Result<> AptState::update() const {
  auto done = run_apt(dir_, {"apt-get", "-q", "update"}, kUpdateDeadline);
  if (done) {
    return {};
  }
  std::string names;
  for (const std::string& suite : suites_) {
    names += (names.empty() ? "" : ", ") + suite;
  }
  Error error = std::move(done).error().context("updating the indexes of " + names);
  if (error.message.find("does not have a Release file") != std::string::npos) {
    error.code = StatusCode::kNotFound;
    error.help = "the mirror that this machine's apt uses has no such suite";
  } else if (error.code == StatusCode::kOs) {
    error.help = "the archive cannot be reached or verified: try 'apt-get update'";
  }
  return std::unexpected(std::move(error));
}

Result<std::vector<std::string>> AptState::names(const std::string& prefix) const {
  const auto listed = TRY(run_apt(dir_, {"apt-cache", "pkgnames", prefix}, kQueryDeadline));
  std::vector<std::string> result;
  std::istringstream lines(listed.out);
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty()) {
      result.push_back(line);
    }
  }
  return result;
}

Result<std::vector<Package>> AptState::newest(const std::vector<std::string>& names) const {
  if (names.empty()) {
    return std::vector<Package>{};
  }
  std::vector<std::string> argv = {"apt-cache", "madison"};
  argv.insert(argv.end(), names.begin(), names.end());
  // Lines are "name | version | source index", newest first. A name that is only mentioned by
  // another package's dependencies has no line.
  const auto listed = TRY(run_apt(dir_, std::move(argv), kQueryDeadline));
  std::vector<Package> found;
  std::istringstream lines(listed.out);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string name;
    std::string bar;
    std::string version;
    if (words >> name >> bar >> version && bar == "|" &&
        std::ranges::none_of(found, [&](const Package& p) { return p.name == name; })) {
      found.push_back({name, version});
    }
  }
  std::vector<Package> result;
  for (const std::string& name : names) {
    const auto match = std::ranges::find(found, name, &Package::name);
    if (match != found.end()) {
      result.push_back(*match);
    }
  }
  return result;
}

Result<std::vector<Package>> AptState::closure(const std::string& package,
                                               const std::string& suite) const {
  // An empty list of what is installed: all is missing.
  const fs::path nothing = dir_ / "nothing_installed";
  TRY(write_text(nothing, ""));
  const auto simulated =
      TRY(run_apt(dir_,
                  {"apt-get", "-s", "-q", "--no-install-recommends", "-t", suite, "-o",
                   "Dir::State::status=" + nothing.string(), "install", package},
                  kQueryDeadline));
  std::vector<Package> result;
  std::istringstream lines(simulated.out);
  for (std::string line; std::getline(lines, line);) {
    // "Inst name [installed version] (version origin [arch])"
    if (!line.starts_with("Inst ")) {
      continue;
    }
    const std::size_t name_end = line.find(' ', 5);
    const std::size_t open = line.find('(');
    const std::size_t end = line.find(' ', open);
    if (name_end == std::string::npos || open == std::string::npos || end == std::string::npos) {
      return fail(StatusCode::kBadData, "cannot read apt-get's plan: \"" + line + "\"");
    }
    result.push_back({line.substr(5, name_end - 5), line.substr(open + 1, end - open - 1)});
  }
  return result;
}

Result<std::vector<fs::path>> AptState::download(const std::vector<Package>& packages,
                                                 const fs::path& dir) const {
  std::vector<std::string> argv = {"apt-get", "-q", "download"};
  for (const Package& package : packages) {
    argv.push_back(package.pinned());
  }
  auto done = run_apt(dir_, std::move(argv), kDownloadDeadline, dir.string());
  if (!done) {
    return std::unexpected(std::move(done).error().context("downloading " + packages[0].name));
  }
  std::vector<fs::path> files;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(dir, error)) {
    if (entry.path().extension() == ".deb") {
      files.push_back(entry.path());
    }
  }
  if (error || files.size() < packages.size()) {
    return fail(StatusCode::kOs, "apt-get left " + std::to_string(files.size()) + " of " +
                                     std::to_string(packages.size()) + " packages in " +
                                     dir.string());
  }
  return files;
}

Result<> unpack(const fs::path& deb, const fs::path& dir) {
  TRY(run_child_ok({.argv = {"dpkg", "-x", deb.string(), dir.string()},
                    .env = {},
                    .working_dir = {},
                    .deadline = seconds(300)}));
  return {};
}

} // namespace schedrig::apt
