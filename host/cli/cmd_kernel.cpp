// SPDX-License-Identifier: MIT
// `schedrig kernel fetch|list|info|add|unpack|remove`: the kernels that machines boot.
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>

#include "host/cli/verb.hpp"
#include "host/file/whole_file.hpp"
#include "host/kernel/bzimage.hpp"
#include "host/kernel/kernel_cache.hpp"
#include "host/kernel/kernel_fetch.hpp"

namespace schedrig::cli {
namespace {

using kernel::KernelCache;
using kernel::KernelEntry;

const char* format_line(kernel::ImageFormat format) {
  return format == kernel::ImageFormat::kVmlinux
             ? "vmlinux: it runs where it was linked to, no KASLR"
             : "bzImage";
}

const char* symbols_line(kernel::SymbolSource source) {
  switch (source) {
  case kernel::SymbolSource::kElfSymbols:
    return "in the image: its ELF symbol table";
  case kernel::SymbolSource::kKallsyms:
    return "in the image: the kernel's own kallsyms";
  case kernel::SymbolSource::kGuestOnly:
    break;
  }
  return "not in the image: only the guest's /proc/kallsyms";
}

// An entry that an older schedrig made does not say all that can be told.
kernel::KernelFacts facts_of(const KernelEntry& entry) {
  if (!entry.facts.symbols) {
    const auto image = kernel::read_file(entry.image, kernel::kMaxImageBytes);
    if (auto facts =
            image ? kernel::inspect_kernel(*image, entry.config) : std::unexpected(image.error())) {
      return *std::move(facts);
    }
  }
  return entry.facts;
}

void print_entry(const KernelEntry& entry) {
  const kernel::KernelFacts facts = facts_of(entry);
  std::printf("id          %s\n", entry.dir.empty() ? "none: not in the cache" : entry.id.c_str());
  std::printf("version     %s\n", facts.version.c_str());
  std::printf("build       %s\n", facts.build.c_str());
  std::printf("image       %s\n", entry.image.c_str());
  std::printf("format      %s\n", format_line(facts.format));
  std::printf("origin      %s\n", entry.origin.empty() ? "-" : entry.origin.c_str());
  std::printf("sched_ext   %s\n", kernel::sched_ext_line(facts).c_str());
  std::printf("btf         %s\n", facts.has_btf ? "in the image" : "none in the image");
  if (facts.symbols) {
    std::printf("symbols     %s\n", symbols_line(*facts.symbols));
  }
  if (facts.config) {
    std::printf("hz          %s\n", facts.config->hz.c_str());
    std::printf("preemption  %s\n", facts.config->preemption.c_str());
  } else {
    std::printf("config      unknown: no config file beside the image\n");
  }
  std::printf("lab host    %s\n", entry.can_host_lab() ? "yes: its kvm modules are at hand"
                                  : entry.modules.empty()
                                      ? "no: no kvm modules"
                                      : "no: the emulated host boots a bzImage");
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
    std::printf("%-48s %-20s %s\n", entry.id.c_str(),
                entry.can_host_lab()                                  ? "guest and lab host"
                : entry.facts.format == kernel::ImageFormat::kVmlinux ? "guest, vmlinux"
                                                                      : "guest",
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

Result<> write_vmlinux(const std::string& wanted, const std::string& path) {
  const auto cache = TRY(KernelCache::open());
  const KernelEntry entry = TRY(cache.find(wanted));
  const kernel::Bytes image = TRY(kernel::read_file(entry.image, kernel::kMaxImageBytes));
  const kernel::Bytes vmlinux = TRY(kernel::extract_vmlinux(image));
  constexpr std::uint32_t kMode = 0666; // less what the umask takes
  TRY(write_whole_file(path, {reinterpret_cast<const char*>(vmlinux.data()), vmlinux.size()},
                       kMode));
  std::printf("%s: the vmlinux of %s, %zu bytes\n", path.c_str(), entry.facts.version.c_str(),
              vmlinux.size());
  return {};
}

int unpack(const std::string& wanted, const std::string& path) {
  const auto written = write_vmlinux(wanted, path);
  return written ? kExitPass : report_error(written.error(), exit_code_for(written.error()));
}

int remove(const std::string& wanted) {
  const auto cache = KernelCache::open();
  if (!cache) {
    return report_error(cache.error(), exit_code_for(cache.error()));
  }
  const auto removed = cache->remove(wanted);
  if (!removed) {
    return report_error(removed.error(), exit_code_for(removed.error()));
  }
  std::printf("removed %s\n", removed->facts.version.c_str());
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
  info_verb->add_option("KERNEL", *wanted,
                        "version prefix, id or path; default: what runs would use");
  info_verb->callback([&action, wanted] { action = [wanted] { return info(*wanted); }; });

  auto source = std::make_shared<kernel::KernelSource>();
  CLI::App* add_verb = verb->add_subcommand("add", "put an image of your own into the cache");
  add_verb->add_option("IMAGE", source->image, "bzImage or vmlinux")->required();
  add_verb->add_option("--config", source->config, "its config file");
  add_verb->add_option("--modules", source->modules_root, "its lib/modules/VERSION directory");
  add_verb->callback([&action, source] {
    action = [source] {
      source->origin = source->image.string();
      return add(*source);
    };
  });

  auto packed = std::make_shared<std::string>();
  auto target = std::make_shared<std::string>();
  CLI::App* unpack_verb = verb->add_subcommand("unpack", "write the vmlinux that a bzImage packs");
  unpack_verb->add_option("FILE", *target, "what to write")->required();
  unpack_verb->add_option("KERNEL", *packed,
                          "version prefix, id or path; default: what runs would use");
  unpack_verb->callback([&action, packed, target] {
    action = [packed, target] { return unpack(*packed, *target); };
  });

  auto unwanted = std::make_shared<std::string>();
  CLI::App* remove_verb = verb->add_subcommand("remove", "delete a kernel from the cache");
  remove_verb->add_option("KERNEL", *unwanted, "version, id, or a prefix that only one has")
      ->required();
  remove_verb->callback([&action, unwanted] { action = [unwanted] { return remove(*unwanted); }; });
}

} // namespace schedrig::cli
