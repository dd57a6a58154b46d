// SPDX-License-Identifier: MIT
// Fetches kernels of the distribution's archive into the cache.
//
// Packages are resolved when fetching, never by a fixed file name: versions come and go. Two
// layouts exist: up to 6.18 linux-image-VERSION brings image, config and modules; later it only
// depends on linux-binary-VERSION (the image), linux-base-VERSION (the config) and
// linux-modules-VERSION, and the archive keeps the latter for the newest versions only. Knows apt
// through apt/apt_state.hpp. Thread: any; one fetch at a time per cache (a lock file), others wait.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <schedrig/result.hpp>

#include "host/apt/apt_state.hpp"
#include "host/kernel/kernel_cache.hpp"

namespace schedrig::kernel {

struct FetchRequest {
  std::string version_prefix; // "7.0"; empty: the newest whole one that has its kvm modules
  // Backports of the stable release: the archive's widest choice of kernels with sched_ext.
  std::string suite = "trixie-backports";
  // The cloud flavour is small and has the virtio drivers built in.
  std::string flavour = "cloud-amd64";
  std::function<void(std::string_view)> progress; // one line at a time; may be empty
};

// A kernel the archive offers: which packages bring its parts.
struct Candidate {
  std::string version; // "6.18.15+deb13-cloud-amd64"
  apt::Package image;
  std::vector<apt::Package> config;  // empty: it comes with `image`, or not at all
  std::vector<apt::Package> modules; // empty: they come with `image`, or not at all
  bool has_modules = false;          // can they be had?
};

// Sorts out what is on offer; newest first. offered: every linux-image-*, linux-binary-*,
// linux-base-* and linux-modules-* package that can be had.
std::vector<Candidate> candidates(const std::vector<apt::Package>& offered,
                                  std::string_view flavour);

// Errors: kNotFound (nothing fits; says what is there), kUnsupported (no apt), kOs (network).
Result<KernelEntry> fetch_kernel(const KernelCache& cache, const FetchRequest& request);

} // namespace schedrig::kernel
