// SPDX-License-Identifier: MIT
#include "host/topology/host_topology.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <vector>

#include "host/text/cpulist.hpp"
#include "host/text/integer.hpp"

namespace schedrig::topology {
namespace {

namespace fs = std::filesystem;

using Cpus = std::vector<std::uint32_t>;

// A file of one line, without its newline; nothing when it is not there.
std::optional<std::string> read_line(const fs::path& path) {
  std::ifstream file(path);
  std::string line;
  if (!file || !std::getline(file, line)) {
    return std::nullopt;
  }
  return line;
}

Result<Cpus> read_cpus(const fs::path& path) {
  const auto line = read_line(path);
  if (!line) {
    return fail_errno(ENOENT, "read " + path.string(), "is /sys mounted? write the topology out");
  }
  auto cpus = text::parse_cpulist(*line);
  if (!cpus) {
    return std::unexpected(std::move(cpus).error().context(path.string()));
  }
  return cpus;
}

Cpus both(const Cpus& a, const Cpus& b) {
  Cpus common;
  std::ranges::set_intersection(a, b, std::back_inserter(common));
  return common;
}

// The numbers behind `prefix` in the names of a folder's entries: node0, cpu3, index2.
std::vector<std::uint64_t> numbered(const fs::path& folder, std::string_view prefix) {
  std::vector<std::uint64_t> numbers;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(prefix)) {
      if (const auto number = text::parse_decimal(name.substr(prefix.size()))) {
        numbers.push_back(*number);
      }
    }
  }
  std::ranges::sort(numbers);
  return numbers;
}

struct HostNode {
  Cpus cpus; // online
  std::vector<std::uint32_t> distances;
};

class Reader {
 public:
  explicit Reader(const std::string& root)
      : cpu_(fs::path(root + "/sys/devices/system/cpu")),
        node_(fs::path(root + "/sys/devices/system/node")) {}

  Result<HostShape> run() {
    online_ = TRY(read_cpus(cpu_ / "online"));
    if (online_.empty() || online_.size() > kMaxCpus) {
      return fail(StatusCode::kInvalidArgument,
                  "this machine has " + std::to_string(online_.size()) + " online CPUs",
                  "schedrig is made for 1 to " + std::to_string(kMaxCpus) +
                      ": write a topology out");
    }
    TRY(read_nodes());
    TRY(read_cores());
    shape_.topology.threads_per_core = threads_;
    for (const HostNode& node : nodes_) {
      TRY(add_node(node));
    }
    add_distances();
    TRY(from_status(validate(shape_.topology.view())));
    return std::move(shape_);
  }

 private:
  Result<> read_nodes() {
    for (const std::uint64_t number : numbered(node_, "node")) {
      const fs::path folder = node_ / ("node" + std::to_string(number));
      HostNode& node = nodes_.emplace_back();
      node.cpus = both(TRY(read_cpus(folder / "cpulist")), online_);
      std::istringstream distances(read_line(folder / "distance").value_or(""));
      for (std::uint32_t distance = 0; distances >> distance;) {
        node.distances.push_back(distance);
      }
    }
    if (nodes_.empty()) { // a kernel without NUMA
      nodes_.push_back({online_, {}});
    }
    return {};
  }

  [[nodiscard]] fs::path cpu_folder(std::uint32_t cpu) const {
    return cpu_ / ("cpu" + std::to_string(cpu));
  }

  // Which online CPUs share each CPU's core, and how many threads a core has.
  Result<> read_cores() {
    std::set<std::size_t> counts;
    for (const std::uint32_t cpu : online_) {
      const fs::path list = cpu_folder(cpu) / "topology" / "thread_siblings_list";
      const Cpus siblings = both(TRY(read_cpus(list)), online_);
      core_of_[cpu] = siblings.empty() ? cpu : siblings.front();
      counts.insert(siblings.size());
    }
    if (counts.size() == 1 && *counts.begin() <= 2) {
      threads_ = static_cast<std::uint32_t>(*counts.begin());
      return {};
    }
    for (auto& [cpu, core] : core_of_) {
      core = cpu;
    }
    note("its cores have different numbers of threads, or more than two: every CPU counts as a "
         "core of its own");
    return {};
  }

  // The CPUs that share the last cache of data with this one.
  Result<Cpus> llc_of(std::uint32_t cpu) const {
    const fs::path caches = cpu_folder(cpu) / "cache";
    std::uint64_t highest = 0;
    fs::path last;
    for (const std::uint64_t index : numbered(caches, "index")) {
      const fs::path folder = caches / ("index" + std::to_string(index));
      const auto level = text::parse_decimal(read_line(folder / "level").value_or(""));
      if (level && *level > highest && read_line(folder / "type") != "Instruction") {
        highest = *level;
        last = folder;
      }
    }
    if (!last.empty()) {
      return read_cpus(last / "shared_cpu_list");
    }
    const fs::path package = cpu_folder(cpu) / "topology" / "core_siblings_list";
    return read_cpus(package);
  }

  Result<> add_node(const HostNode& node) {
    std::map<std::uint32_t, std::set<std::uint32_t>> llcs; // by its first CPU here: its cores
    for (const std::uint32_t cpu : node.cpus) {
      const Cpus sharing = both(both(TRY(llc_of(cpu)), online_), node.cpus);
      llcs[sharing.empty() ? cpu : sharing.front()].insert(core_of_[cpu]);
    }
    Topology& topology = shape_.topology;
    topology.nodes.push_back({.first_llc = static_cast<std::uint32_t>(topology.llc_cores.size()),
                              .llc_count = static_cast<std::uint32_t>(llcs.size())});
    for (const auto& [first, cores] : llcs) {
      topology.llc_cores.push_back(static_cast<std::uint32_t>(cores.size()));
    }
    return {};
  }

  // Firmware may report what no Topology holds; the shape counts for more than its distances.
  void add_distances() {
    Topology& topology = shape_.topology;
    const std::size_t n = nodes_.size();
    for (const HostNode& node : nodes_) {
      topology.distances.insert(topology.distances.end(), node.distances.begin(),
                                node.distances.end());
    }
    if (topology.distances.size() == n * n && validate(topology.view()).ok()) {
      return;
    }
    topology.distances.clear();
    for (std::size_t i = 0; i < n * n; ++i) {
      topology.distances.push_back(i % (n + 1) == 0 ? kLocalDistance : kDefaultRemoteDistance);
    }
    if (n > 1 && validate(topology.view()).ok()) {
      note("its distances between nodes are not usable: 10 and 20 instead");
    }
  }

  void note(const std::string& text) { shape_.note += (shape_.note.empty() ? "" : "; ") + text; }

  fs::path cpu_;
  fs::path node_;
  Cpus online_;
  std::vector<HostNode> nodes_;
  std::map<std::uint32_t, std::uint32_t> core_of_; // the first online CPU of a CPU's core
  std::uint32_t threads_ = 1;
  HostShape shape_;
};

} // namespace

Result<HostShape> read_host_shape(const std::string& root) {
  return Reader(root).run();
}

} // namespace schedrig::topology
