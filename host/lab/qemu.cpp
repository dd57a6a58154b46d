// SPDX-License-Identifier: MIT
// Implementation of finding and fetching QEMU.
#include "host/lab/qemu.hpp"

#include <algorithm>
#include <fstream>
#include <optional>
#include <system_error>

#include "host/apt/apt_state.hpp"
#include "host/apt/cache_dir.hpp"
#include "host/apt/mirror.hpp"
#include "host/kernel/kernel_version.hpp"
#include "host/process/child_process.hpp"

namespace schedrig::lab {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPackage = "qemu-system-x86";
// QEMU 7.2's VMRUN does not load DR7, so watchpoints in guests never fire; 10.0.2 loads it. Up to
// 10.1 a CPU's interrupt requests are changed by plain stores from two threads (VMRUN's and
// VMEXIT's |= and &= against cpu_interrupt), so that one is lost or comes back now and then. These
// bounds only choose what to fetch: doctor probes the watchpoint itself.
constexpr int kFirstFitMajor = 10;
constexpr int kFirstGoodMajor = 11;
// Where the release and its backports have nothing good: a release whose backports have.
constexpr const char* kOtherRelease = "trixie";

// "1:10.0.2+ds-2" without its epoch.
std::string_view upstream(std::string_view version) {
  return version.substr(version.find(':') == std::string_view::npos ? 0 : version.find(':') + 1);
}

int major_of(std::string_view version) {
  int number = 0;
  for (const char c : upstream(version)) {
    if (c < '0' || c > '9' || number > 1000) {
      break;
    }
    number = number * 10 + (c - '0');
  }
  return number;
}

Qemu layout(const fs::path& root, const std::string& version) {
  Qemu qemu;
  qemu.binary = root / "usr/bin/qemu-system-x86_64";
  qemu.loader = root / "usr/lib64/ld-linux-x86-64.so.2";
  std::error_code ignored;
  if (!fs::exists(qemu.loader, ignored)) {
    qemu.loader = root / "lib64/ld-linux-x86-64.so.2"; // before Debian 13
  }
  for (const char* dir : {"usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu"}) {
    qemu.library_dirs.push_back(root / dir);
  }
  for (const char* dir : {"usr/share/qemu", "usr/share/seabios", "usr/lib/ipxe/qemu"}) {
    qemu.data_dirs.push_back(root / dir);
  }
  qemu.version = version;
  return qemu;
}

struct Choice {
  std::string release;
  std::string suite; // the release or its backports
  apt::Package package;
};

// The first good one of the machine's release, its backports, and the other release's; else the
// newest that is fit.
Result<Choice> choose(const apt::Mirror& mirror, const fs::path& root, const Progress& progress) {
  std::string seen;
  std::optional<Choice> fit;
  for (const std::string& release : {mirror.codename, std::string(kOtherRelease)}) {
    for (const std::string& suite : {release, release + "-backports"}) {
      if (progress) {
        progress("reading the package index of " + suite);
      }
      const auto apt = TRY(apt::AptState::open(root / "apt" / suite, mirror, {suite}));
      if (const auto updated = apt.update(); !updated) {
        if (updated.error().code != StatusCode::kNotFound) {
          return std::unexpected(updated.error());
        }
        continue; // testing and unstable have no backports
      }
      for (const apt::Package& package : TRY(apt.newest({kPackage}))) {
        const Choice choice = {.release = release, .suite = suite, .package = package};
        if (major_of(package.version) >= kFirstGoodMajor) {
          return choice;
        }
        if (major_of(package.version) >= kFirstFitMajor &&
            (!fit ||
             kernel::version_less(upstream(fit->package.version), upstream(package.version)))) {
          fit = choice;
        }
        seen += (seen.empty() ? "" : ", ") + suite + " has " + package.version;
      }
    }
  }
  if (fit) {
    return *std::move(fit);
  }
  return fail(StatusCode::kNotFound,
              "no QEMU that is fit for the lab in the archive" +
                  (seen.empty() ? std::string() : " (" + seen + ")"),
              "the lab needs QEMU 10 or later: 7.2 does not report watchpoints");
}

Result<> fetch_into(const fs::path& staging, const apt::Mirror& mirror, const fs::path& root,
                    const Choice& choice, const Progress& progress) {
  std::vector<std::string> suites = {choice.release};
  if (choice.suite != choice.release) {
    suites.push_back(choice.suite);
  }
  const auto apt = TRY(apt::AptState::open(root / "apt" / "qemu", mirror, suites));
  TRY(apt.update());
  const auto packages = TRY(apt.closure(kPackage, choice.suite));
  if (progress) {
    progress("downloading QEMU " + choice.package.version + " (" + std::to_string(packages.size()) +
             " packages)");
  }
  std::error_code error;
  const fs::path debs = staging / "debs";
  fs::create_directory(debs, error);
  for (const fs::path& deb : TRY(apt.download(packages, debs))) {
    TRY(apt::unpack(deb, staging));
  }
  for (const char* unused : {"debs", "usr/share/doc", "usr/share/man"}) {
    fs::remove_all(staging / unused, error);
  }
  return {};
}

} // namespace

std::vector<std::string> Qemu::command() const {
  std::string path;
  for (const fs::path& dir : library_dirs) {
    path += (path.empty() ? "" : ":") + dir.string();
  }
  return {loader.string(), "--library-path", path, binary.string()};
}

Result<Qemu> find_qemu() {
  const fs::path dir = TRY(apt::cache_root()) / "qemu";
  std::vector<std::string> versions;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(dir, error)) {
    const std::string name = entry.path().filename().string();
    const Qemu qemu = layout(entry.path(), name);
    std::error_code ignored;
    if (!name.starts_with('.') && fs::is_regular_file(qemu.binary, ignored) &&
        fs::exists(qemu.loader, ignored)) {
      versions.push_back(name);
    }
  }
  if (versions.empty()) {
    return fail(StatusCode::kNotFound, "no QEMU for the lab in " + dir.string(),
                "fetch it with 'schedrig lab setup'");
  }
  const auto newest = std::ranges::max_element(versions, kernel::version_less);
  return layout(dir / *newest, *newest);
}

Result<std::string> probe_qemu(const Qemu& qemu) {
  std::vector<std::string> argv = qemu.command();
  argv.emplace_back("--version");
  const auto said = TRY(run_child_ok({.argv = std::move(argv),
                                      .env = {},
                                      .working_dir = {},
                                      .deadline = std::chrono::seconds(20)}));
  return said.out.substr(0, said.out.find('\n'));
}

Result<Qemu> setup_qemu(const Progress& progress) {
  if (auto found = find_qemu()) {
    return found;
  }
  const fs::path root = TRY(apt::cache_root());
  const apt::Mirror mirror = TRY(apt::machine_mirror());
  const UniqueFd lock = TRY(apt::lock_file(root / "fetch.lock", std::chrono::seconds(900)));
  if (auto found = find_qemu()) {
    return found; // another process fetched it while we waited
  }
  const Choice choice = TRY(choose(mirror, root, progress));
  auto staging = TRY(apt::StagingDir::make(root / "qemu"));
  TRY(fetch_into(staging.path(), mirror, root, choice, progress));
  const std::string version(upstream(choice.package.version));
  auto runs = probe_qemu(layout(staging.path(), version));
  if (!runs) {
    return std::unexpected(std::move(runs).error().context("the fetched QEMU does not run"));
  }
  TRY(staging.publish(version));
  return find_qemu();
}

} // namespace schedrig::lab
