// SPDX-License-Identifier: MIT
// Implementation of fetching: what is on offer, what fits, download, unpack, add.
#include "host/kernel/kernel_fetch.hpp"

#include <algorithm>
#include <set>
#include <system_error>

#include "host/apt/cache_dir.hpp"
#include "host/apt/mirror.hpp"
#include "host/kernel/kernel_version.hpp"

namespace schedrig::kernel {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kImagePrefix = "linux-image-";
constexpr std::string_view kBinaryPrefix = "linux-binary-";
constexpr std::string_view kModulesPrefix = "linux-modules-";
constexpr std::string_view kBasePrefix = "linux-base-"; // holds the config
// Of each series only the newest is tried; more than this many series without a whole one means
// that something else is wrong.
constexpr std::size_t kMaxTries = 8;

void say(const FetchRequest& request, const std::string& line) {
  if (request.progress) {
    request.progress(line);
  }
}

// VERSION of "PREFIXVERSION" when it is a kernel's of this flavour, else empty.
std::string_view version_of(std::string_view name, std::string_view prefix,
                            std::string_view flavour) {
  if (!name.starts_with(prefix)) {
    return {};
  }
  name.remove_prefix(prefix.size());
  const bool numbered = !name.empty() && name[0] >= '0' && name[0] <= '9';
  const bool flavoured = name.size() > flavour.size() && name.ends_with(flavour) &&
                         name[name.size() - flavour.size() - 1] == '-';
  // "6.18.15+deb13-cloud-amd64" ends with "-amd64" too, and is no plain amd64 kernel.
  const bool exact = flavoured &&
                     name.substr(0, name.size() - flavour.size() - 1).find("-cloud") == name.npos &&
                     name.substr(0, name.size() - flavour.size() - 1).find("-rt") == name.npos;
  return numbered && exact ? name : std::string_view{};
}

fs::path first_existing(const std::vector<fs::path>& paths) {
  for (const fs::path& path : paths) {
    std::error_code error;
    if (fs::exists(path, error)) {
      return path;
    }
  }
  return {};
}

// Where the parts of an unpacked kernel lie, in any of the layouts.
KernelSource locate(const fs::path& root, const std::string& version) {
  const fs::path merged = root / "usr/lib/modules" / version;
  const fs::path split = root / "lib/modules" / version;
  KernelSource source;
  source.image = first_existing(
      {root / "boot" / ("vmlinuz-" + version), merged / "vmlinuz", split / "vmlinuz"});
  source.config =
      first_existing({root / "boot" / ("config-" + version), merged / "config", split / "config"});
  source.modules_root = first_existing({merged / "kernel", split / "kernel"}).parent_path();
  return source;
}

Result<> download_into(const apt::AptState& apt, const std::vector<apt::Package>& packages,
                       const fs::path& debs, const fs::path& root) {
  std::error_code error;
  fs::create_directories(debs, error);
  for (const fs::path& deb : TRY(apt.download(packages, debs))) {
    TRY(apt::unpack(deb, root));
    fs::remove(deb, error);
  }
  return {};
}

// Downloads the image, looks at it, and downloads the modules only if it is worth it.
Result<KernelEntry> fetch_one(const KernelCache& cache, const FetchRequest& request,
                              const apt::AptState& apt, const Candidate& candidate,
                              bool modules_only_if_whole) {
  const auto staging = TRY(apt::StagingDir::make(cache.dir().parent_path() / "downloads"));
  const fs::path root = staging.path() / "root";
  say(request, "downloading " + candidate.image.name + " " + candidate.image.version);
  std::vector<apt::Package> packages = {candidate.image};
  packages.insert(packages.end(), candidate.config.begin(), candidate.config.end());
  TRY(download_into(apt, packages, staging.path() / "debs", root));
  KernelSource source = locate(root, candidate.version);
  source.origin = request.suite + " " + candidate.image.version;
  if (source.image.empty()) {
    return fail(StatusCode::kBadData, "package " + candidate.image.name + " " +
                                          candidate.image.version + " holds no kernel image");
  }
  if (!candidate.modules.empty()) {
    const Bytes image = TRY(read_file(source.image, kMaxImageBytes));
    const KernelFacts facts = TRY(inspect_kernel(image, {}));
    if (facts.whole() || !modules_only_if_whole) {
      say(request, "downloading " + candidate.modules[0].name);
      TRY(download_into(apt, candidate.modules, staging.path() / "debs", root));
      const fs::path image_path = source.image;
      const std::string origin = source.origin;
      source = locate(root, candidate.version);
      source.image = image_path;
      source.origin = origin;
    }
  }
  return cache.add(source);
}

// The newest of each series ("7.0", "6.18") that could run the lab.
std::vector<Candidate> one_a_series(const std::vector<Candidate>& all) {
  std::vector<Candidate> result;
  std::set<std::string, std::less<>> seen;
  for (const Candidate& candidate : all) {
    if (candidate.has_modules && seen.emplace(version_series(candidate.version, 2)).second) {
      result.push_back(candidate);
    }
  }
  return result;
}

Result<KernelEntry> fetch_newest_whole(const KernelCache& cache, const FetchRequest& request,
                                       const apt::AptState& apt,
                                       const std::vector<Candidate>& all) {
  const auto cached = cache.list();
  std::string tried;
  std::size_t tries = 0;
  for (const Candidate& candidate : one_a_series(all)) {
    if (++tries > kMaxTries) {
      break;
    }
    const auto known = std::ranges::find_if(cached, [&](const KernelEntry& entry) {
      return entry.facts.version == candidate.version &&
             entry.origin == request.suite + " " + candidate.image.version;
    });
    const bool reusable = known != cached.end() &&
                          (candidate.config.empty() || !known->config.empty()) &&
                          (known->can_host_lab() || !known->facts.whole());
    KernelEntry entry = reusable ? *known : TRY(fetch_one(cache, request, apt, candidate, true));
    if (entry.facts.whole()) {
      return entry;
    }
    const std::string line = candidate.version + ": " + sched_ext_line(entry.facts);
    say(request, line + "; trying the next older series");
    tried += (tried.empty() ? "" : "; ") + line;
  }
  return fail(StatusCode::kNotFound,
              "no kernel of " + request.suite + " has a whole sched_ext and its kvm modules" +
                  (tried.empty() ? "" : " (" + tried + ")"),
              "name another suite with --suite, such as forky or sid");
}

} // namespace

std::vector<Candidate> candidates(const std::vector<apt::Package>& offered,
                                  std::string_view flavour) {
  const auto package_named = [&](std::string_view prefix, std::string_view version) {
    const std::string name = std::string(prefix) + std::string(version);
    return std::ranges::find(offered, name, &apt::Package::name);
  };
  std::vector<Candidate> result;
  for (const apt::Package& package : offered) {
    const std::string_view version = version_of(package.name, kImagePrefix, flavour);
    if (version.empty()) {
      continue;
    }
    Candidate candidate{std::string(version), package, {}, {}, true};
    if (const auto binary = package_named(kBinaryPrefix, version); binary != offered.end()) {
      candidate.image = *binary;
      const auto modules = package_named(kModulesPrefix, version);
      candidate.has_modules = modules != offered.end();
      if (candidate.has_modules) {
        candidate.modules.push_back(*modules);
      }
      if (const auto base = package_named(kBasePrefix, version); base != offered.end()) {
        candidate.config.push_back(*base);
      }
    }
    result.push_back(std::move(candidate));
  }
  std::ranges::sort(result, [](const Candidate& a, const Candidate& b) {
    return version_less(b.version, a.version);
  });
  return result;
}

Result<KernelEntry> fetch_kernel(const KernelCache& cache, const FetchRequest& request) {
  const apt::Mirror mirror = TRY(apt::machine_mirror());
  const fs::path root = cache.dir().parent_path();
  const UniqueFd lock = TRY(apt::lock_file(root / "fetch.lock", std::chrono::seconds(900)));
  const auto apt = TRY(apt::AptState::open(root / "apt" / request.suite, mirror, {request.suite}));
  say(request, "reading the package index of " + request.suite);
  TRY(apt.update());
  std::vector<std::string> names;
  for (const std::string_view prefix : {kImagePrefix, kBinaryPrefix, kModulesPrefix, kBasePrefix}) {
    for (std::string& name : TRY(apt.names(std::string(prefix)))) {
      if (!version_of(name, prefix, request.flavour).empty()) {
        names.push_back(std::move(name));
      }
    }
  }
  const auto all = candidates(TRY(apt.newest(names)), request.flavour);
  if (request.version_prefix.empty()) {
    return fetch_newest_whole(cache, request, apt, all);
  }
  const auto fit = std::ranges::find_if(all, [&](const Candidate& candidate) {
    return has_version_prefix(candidate.version, request.version_prefix);
  });
  if (fit == all.end()) {
    std::string offered;
    for (const Candidate& candidate : one_a_series(all)) {
      offered += (offered.empty() ? "" : ", ") + candidate.version;
    }
    return fail(StatusCode::kNotFound,
                "no kernel " + request.version_prefix + " for " + request.flavour + " in " +
                    request.suite,
                offered.empty() ? "the suite offers no such kernels: name another with --suite"
                                : "on offer, newest of each series: " + offered);
  }
  return fetch_one(cache, request, apt, *fit, false);
}

} // namespace schedrig::kernel
