// SPDX-License-Identifier: MIT
// `schedrig kernel fetch|list|info|add`: the kernels that machines boot.
#include <cstdio>
#include <memory>
#include <string>

#include "host/cli/verb.hpp"
#include "host/kernel/kernel_cache.hpp"
#include "host/kernel/kernel_fetch.hpp"

namespace schedrig::cli {
namespace {

using kernel::KernelCache;
using kernel::KernelEntry;

void print_entry(const KernelEntry& entry) {
  const kernel::KernelFacts& facts = entry.facts;
  std::printf("version     %s\n", facts.version.c_str());
  std::printf("build       %s\n", facts.build.c_str());
  std::printf("image       %s\n", entry.image.c_str());
  std::printf("origin      %s\n", entry.origin.empty() ? "-" : entry.origin.c_str());
  std::printf("sched_ext   %s\n", kernel::sched_ext_line(facts).c_str());
  std::printf("btf         %s\n", facts.has_btf ? "in the image" : "none in the image");
  if (facts.config) {
    std::printf("hz          %s\n", facts.config->hz.c_str());
    std::printf("preemption  %s\n", facts.config->preemption.c_str());
  } else {
    std::printf("config      unknown: no config file beside the image\n");
  }
  std::printf("lab host    %s\n",
              entry.can_host_lab() ? "yes: its kvm modules are at hand" : "no: no kvm modules");
}

int fetch(const Globals& globals, kernel::FetchRequest request) {
  if (globals.verbosity >= 0) {
    request.progress = [](std::string_view line) {
      std::fprintf(stderr, "%.*s\n", static_cast<int>(line.size()), line.data());
    };
  }
  const auto cache = KernelCache::open();
  if (!cache) {
    return report_error(cache.error(), exit_code_for(cache.error()));
  }
  const auto entry = kernel::fetch_kernel(*cache, request);
  if (!entry) {
    return report_error(entry.error(), exit_code_for(entry.error()));
  }
  print_entry(*entry);
  return kExitPass;
}

int list() {
  const auto cache = KernelCache::open();
  if (!cache) {
    return report_error(cache.error(), exit_code_for(cache.error()));
  }
  const auto entries = cache->list();
  if (entries.empty()) {
    std::fprintf(stderr, "no kernels in %s; `schedrig kernel fetch` gets one\n",
                 cache->dir().c_str());
  }
  for (const KernelEntry& entry : entries) {
    std::printf("%-32s %-24s %s\n", entry.facts.version.c_str(),
                entry.can_host_lab() ? "guest and lab host" : "guest",
                kernel::sched_ext_line(entry.facts).c_str());
  }
  return kExitPass;
}

int info(const std::string& wanted) {
  const auto cache = KernelCache::open();
  if (!cache) {
    return report_error(cache.error(), exit_code_for(cache.error()));
  }
  const auto entry = cache->find(wanted);
  if (!entry) {
    return report_error(entry.error(), exit_code_for(entry.error()));
  }
  print_entry(*entry);
  return kExitPass;
}

int add(const kernel::KernelSource& source) {
  const auto cache = KernelCache::open();
  if (!cache) {
    return report_error(cache.error(), exit_code_for(cache.error()));
  }
  const auto entry = cache->add(source);
  if (!entry) {
    return report_error(entry.error(), exit_code_for(entry.error()));
  }
  print_entry(*entry);
  return kExitPass;
}

} // namespace

void add_kernel_verb(CLI::App& app, const Globals& globals, Action& action) {
  CLI::App* verb = app.add_subcommand("kernel", "the kernels that machines boot");
  verb->require_subcommand(1);

  auto request = std::make_shared<kernel::FetchRequest>();
  CLI::App* fetch_verb =
      verb->add_subcommand("fetch", "get a kernel of the distribution's archive");
  fetch_verb->add_option("VERSION", request->version_prefix, "version prefix, such as 7.0");
  fetch_verb->add_option("--suite", request->suite, "suite of the archive")->capture_default_str();
  fetch_verb->callback([&action, &globals, request] {
    action = [&globals, request] { return fetch(globals, *request); };
  });

  verb->add_subcommand("list", "what is in the cache")->callback([&action] { action = list; });

  auto wanted = std::make_shared<std::string>();
  CLI::App* info_verb = verb->add_subcommand("info", "what an image is and can do");
  info_verb->add_option("KERNEL", *wanted, "version prefix or path; default: what runs would use");
  info_verb->callback([&action, wanted] { action = [wanted] { return info(*wanted); }; });

  auto source = std::make_shared<kernel::KernelSource>();
  CLI::App* add_verb = verb->add_subcommand("add", "put an image of your own into the cache");
  add_verb->add_option("IMAGE", source->image, "bzImage")->required();
  add_verb->add_option("--config", source->config, "its config file");
  add_verb->add_option("--modules", source->modules_root, "its lib/modules/VERSION directory");
  add_verb->callback([&action, source] {
    action = [source] {
      source->origin = source->image.string();
      return add(*source);
    };
  });
}

} // namespace schedrig::cli
