// SPDX-License-Identifier: MIT
#include "plugins/mock/files/sys_files.hpp"

#include <algorithm>
#include <cerrno>

#include "plugins/mock/files/kernel_mask.hpp"
#include "plugins/mock/files/kernel_parse.hpp"

namespace schedrig::mock {
namespace {

std::string join(Components path) {
  std::string text;
  for (const std::string_view name : path) {
    text += (text.empty() ? "" : "/") + std::string(name);
  }
  return text;
}

template <class Same> CpuMask cpus_where(const std::vector<CpuPlace>& places, Same&& same) {
  CpuMask mask;
  for (const CpuPlace& place : places) {
    if (same(place)) {
      mask.set(place.cpu);
    }
  }
  return mask;
}

} // namespace

SysFiles::SysFiles(const TopologyView& topology) {
  const std::vector<CpuPlace> places = cpu_places(topology);
  const auto count = static_cast<std::uint32_t>(places.size());
  const CpuMask all = CpuMask::first_n(count);
  const std::string cpu_dir = "devices/system/cpu/";
  for (const char* name : {"online", "possible", "present"}) {
    add(cpu_dir + name, format_list(all) + "\n");
  }
  add(cpu_dir + "offline", "\n");
  // Each set of CPUs is there as a list and as a mask.
  const auto add_set = [&](const std::string& mask_name, const std::string& list_name,
                           const CpuMask& mask) {
    add(mask_name, format_mask(mask, count) + "\n");
    add(list_name, format_list(mask) + "\n");
  };
  for (const CpuPlace& at : places) {
    const std::string dir = cpu_dir + "cpu" + std::to_string(at.cpu) + "/";
    const CpuMask core =
        cpus_where(places, [&](const CpuPlace& other) { return other.core == at.core; });
    // One package per node, one die per LLC.
    const CpuMask package =
        cpus_where(places, [&](const CpuPlace& other) { return other.node == at.node; });
    const CpuMask die =
        cpus_where(places, [&](const CpuPlace& other) { return other.llc == at.llc; });
    add(dir + "topology/core_id", std::to_string(at.core) + "\n");
    add(dir + "topology/physical_package_id", std::to_string(at.node) + "\n");
    add(dir + "topology/die_id", std::to_string(at.llc) + "\n");
    const auto add_topology = [&](const std::string& name, const CpuMask& mask) {
      add_set(dir + "topology/" + name, dir + "topology/" + name + "_list", mask);
    };
    add_topology("core_cpus", core);
    add_topology("thread_siblings", core);
    add_topology("package_cpus", package);
    add_topology("core_siblings", package);
    add_topology("die_cpus", die);
    // L3, as the cache's index on x86.
    add_set(dir + "cache/index3/shared_cpu_map", dir + "cache/index3/shared_cpu_list", die);
    add(dir + "cache/index3/level", "3\n");
    add(dir + "cache/index3/type", "Unified\n");
  }
  const std::string node_dir = "devices/system/node/";
  CpuMask nodes;
  CpuMask nodes_with_cpus;
  for (std::uint32_t node = 0; node < topology.nodes.size(); ++node) {
    nodes.set(node);
    const std::string dir = node_dir + "node" + std::to_string(node) + "/";
    const CpuMask cpus =
        cpus_where(places, [node](const CpuPlace& other) { return other.node == node; });
    if (!cpus.empty()) {
      nodes_with_cpus.set(node);
    }
    add_set(dir + "cpumap", dir + "cpulist", cpus);
    std::string distance;
    for (std::size_t to = 0; to < topology.nodes.size(); ++to) {
      distance += (to == 0 ? "" : " ") +
                  std::to_string(topology.distances[(node * topology.nodes.size()) + to]);
    }
    add(dir + "distance", distance + "\n");
  }
  for (const char* name : {"online", "possible", "has_memory", "has_normal_memory"}) {
    add(node_dir + name, format_list(nodes) + "\n");
  }
  add(node_dir + "has_cpu", format_list(nodes_with_cpus) + "\n");
  std::sort(files_.begin(), files_.end(),
            [](const File& a, const File& b) { return a.path < b.path; });
}

void SysFiles::add(std::string path, std::string text) {
  files_.push_back({std::move(path), std::move(text)});
}

const SysFiles::File* SysFiles::file(const std::string& path) const {
  const auto at = std::lower_bound(
      files_.begin(), files_.end(), path,
      [](const File& each, const std::string& wanted) { return each.path < wanted; });
  return at != files_.end() && at->path == path ? &*at : nullptr;
}

NodeKind SysFiles::find(Components path) {
  const std::string name = join(path);
  if (file(name) != nullptr) {
    return NodeKind::kFile;
  }
  const std::string prefix = name.empty() ? name : name + "/";
  return std::any_of(files_.begin(), files_.end(),
                     [&](const File& each) { return each.path.starts_with(prefix); })
             ? NodeKind::kDirectory
             : NodeKind::kAbsent;
}

int SysFiles::read(Components path, std::string& out) {
  out += file(join(path))->text;
  return 0;
}

int SysFiles::write(Components /*path*/, std::string_view /*data*/) {
  return EACCES; // sysfs asks for write permission bits of root too (kernfs_fop_open)
}

void SysFiles::list(Components path, std::vector<std::string>& names) {
  const std::string prefix = path.empty() ? "" : join(path) + "/";
  for (const File& each : files_) {
    if (each.path.starts_with(prefix)) {
      const std::string_view rest = std::string_view(each.path).substr(prefix.size());
      const std::size_t slash = rest.find('/');
      names.emplace_back(rest.substr(0, slash == std::string_view::npos ? slash : slash + 1));
    }
  }
}

} // namespace schedrig::mock
