// SPDX-License-Identifier: MIT
#include "plugins/mock/files/cgroup_files.hpp"

#include <array>
#include <cerrno>
#include <span>

#include "plugins/mock/files/cgroup_file.hpp"
#include "plugins/mock/files/kernel_parse.hpp"

namespace schedrig::mock {
namespace {

// What one write may carry (atomic_write_len): a page, but for cpuset lists 100 + 6 x NR_CPUS,
// which is 8192 on Debian.
constexpr std::size_t kMaxWrite = 4096;
constexpr std::size_t kMaxCpusetWrite = 100 + (6 * 8192);

std::string controller_names(std::uint32_t mask) {
  std::string text;
  for (std::uint32_t bit = 1; bit <= kPids; bit <<= 1U) {
    if ((mask & bit) != 0) {
      text += (text.empty() ? "" : " ") + std::string(controller_name(bit));
    }
  }
  return text.empty() ? text : text + "\n"; // cgroup_print_ss_mask()
}

// The processes of a threaded subtree are those of its root.
void add_threaded_pids(const CgroupTree& tree, std::uint32_t index, std::string& out) {
  for (const std::int32_t pid : tree.at(index).pids) {
    out += std::to_string(pid) + "\n";
  }
  for (const std::uint32_t child : tree.at(index).children) {
    if (tree.at(child).threaded) {
      add_threaded_pids(tree, child, out);
    }
  }
}

int read_procs(CgroupTree& tree, std::uint32_t index, std::string& out) {
  if (tree.at(index).threaded) {
    return EOPNOTSUPP; // cgroup_procs_start(): of threads there is cgroup.threads only
  }
  add_threaded_pids(tree, index, out);
  return 0;
}

int read_threads(CgroupTree& tree, std::uint32_t index, std::string& out) {
  for (const std::int32_t pid : tree.at(index).pids) {
    out += std::to_string(pid) + "\n";
  }
  return 0;
}

// cgroup_procs_write_start(): anything but a number from 0 on is EINVAL; 0 is the writer.
int attach(CgroupTree& tree, std::uint32_t index, std::string_view data, bool whole_process) {
  std::int32_t pid = 0;
  if (parse_s32(strip(data), pid) != 0 || pid < 0) {
    return EINVAL;
  }
  return tree.attach(index, pid == 0 ? 1 : pid, whole_process);
}

int write_procs(CgroupTree& tree, std::uint32_t index, std::string_view data) {
  return attach(tree, index, data, true);
}

int write_threads(CgroupTree& tree, std::uint32_t index, std::string_view data) {
  return attach(tree, index, data, false);
}

int read_controllers(CgroupTree& tree, std::uint32_t index, std::string& out) {
  out += controller_names(tree.controllers(index));
  return 0;
}

int read_subtree_control(CgroupTree& tree, std::uint32_t index, std::string& out) {
  out += controller_names(tree.at(index).subtree_control);
  return 0;
}

int write_subtree_control(CgroupTree& tree, std::uint32_t index, std::string_view data) {
  std::uint32_t enable = 0;
  std::uint32_t disable = 0;
  data = strip(data);
  while (!data.empty()) {
    const std::size_t n = std::min(data.find(' '), data.size());
    const std::string_view token = data.substr(0, n);
    data.remove_prefix(std::min(n + 1, data.size()));
    if (token.empty()) {
      continue;
    }
    std::uint32_t bit = 1;
    while (bit <= kPids && controller_name(bit) != token.substr(1)) {
      bit <<= 1U;
    }
    if (bit > kPids || (token.front() != '+' && token.front() != '-')) {
      return EINVAL;
    }
    (token.front() == '+' ? enable : disable) |= bit;
    (token.front() == '+' ? disable : enable) &= ~bit;
  }
  return tree.set_subtree_control(index, enable, disable);
}

int read_type(CgroupTree& tree, std::uint32_t index, std::string& out) {
  out += std::string(tree.type(index)) + "\n";
  return 0;
}

int write_type(CgroupTree& tree, std::uint32_t index, std::string_view data) {
  return strip(data) == "threaded" ? tree.enable_threaded(index) : EINVAL;
}

int read_events(CgroupTree& tree, std::uint32_t index, std::string& out) {
  out += std::string("populated ") + (tree.populated(index) ? "1" : "0") + "\nfrozen " +
         (tree.at(index).frozen ? "1" : "0") + "\n";
  return 0;
}

int read_freeze(CgroupTree& tree, std::uint32_t index, std::string& out) {
  out += tree.at(index).freeze ? "1\n" : "0\n";
  return 0;
}

int write_freeze(CgroupTree& tree, std::uint32_t index, std::string_view data) {
  std::int32_t freeze = 0;
  if (const int error = parse_s32(strip(data), freeze); error != 0) {
    return error;
  }
  if (freeze < 0 || freeze > 1) {
    return ERANGE;
  }
  tree.set_freeze(index, freeze == 1);
  return 0;
}

int write_kill(CgroupTree& tree, std::uint32_t index, std::string_view data) {
  std::int32_t kill = 0;
  if (const int error = parse_s32(strip(data), kill); error != 0) {
    return error;
  }
  return kill == 1 ? tree.kill(index) : ERANGE;
}

constexpr std::array kFiles = {
    CgroupFile{"cgroup.controllers", 0, true, read_controllers, nullptr},
    CgroupFile{"cgroup.events", 0, false, read_events, nullptr},
    CgroupFile{"cgroup.freeze", 0, false, read_freeze, write_freeze},
    CgroupFile{"cgroup.kill", 0, false, nullptr, write_kill},
    CgroupFile{"cgroup.procs", 0, true, read_procs, write_procs},
    CgroupFile{"cgroup.subtree_control", 0, true, read_subtree_control, write_subtree_control},
    CgroupFile{"cgroup.threads", 0, true, read_threads, write_threads},
    CgroupFile{"cgroup.type", 0, false, read_type, write_type},
};

bool visible(const CgroupFile& file, const CgroupTree& tree, std::uint32_t index) {
  return index == 0 ? file.on_root
                    : file.controller == 0 || (tree.controllers(index) & file.controller) != 0;
}

// All files that a cgroup may have: the core's, then the controllers'.
std::array<std::span<const CgroupFile>, 2> all_files() {
  return {kFiles, controller_files()};
}

const CgroupFile* find_file(const CgroupTree& tree, std::uint32_t index, std::string_view name) {
  for (const std::span<const CgroupFile> files : all_files()) {
    for (const CgroupFile& file : files) {
      if (file.name == name && visible(file, tree, index)) {
        return &file;
      }
    }
  }
  return nullptr;
}

} // namespace

std::uint32_t CgroupFiles::resolve(Components path) const {
  std::uint32_t index = 0;
  for (const std::string_view name : path) {
    index = tree_.child(index, name);
    if (index == CgroupTree::kNone) {
      break;
    }
  }
  return index;
}

NodeKind CgroupFiles::find(Components path) {
  if (resolve(path) != CgroupTree::kNone) {
    return NodeKind::kDirectory;
  }
  const std::uint32_t parent = resolve(path.first(path.size() - 1));
  return parent != CgroupTree::kNone && find_file(tree_, parent, path.back()) != nullptr
             ? NodeKind::kFile
             : NodeKind::kAbsent;
}

int CgroupFiles::read(Components path, std::string& out) {
  const std::uint32_t index = resolve(path.first(path.size() - 1));
  const CgroupFile* const file = find_file(tree_, index, path.back());
  return file->read == nullptr ? EINVAL : file->read(tree_, index, out);
}

int CgroupFiles::write(Components path, std::string_view data) {
  if (data.empty()) {
    return 0; // kernfs calls nobody for a write of nothing
  }
  const std::uint32_t index = resolve(path.first(path.size() - 1));
  const CgroupFile* const file = find_file(tree_, index, path.back());
  if (data.size() > (file->controller == kCpuset ? kMaxCpusetWrite : kMaxWrite)) {
    return E2BIG;
  }
  return file->write == nullptr ? EINVAL : file->write(tree_, index, as_c_string(data));
}

void CgroupFiles::list(Components path, std::vector<std::string>& names) {
  const std::uint32_t index = resolve(path);
  for (const std::span<const CgroupFile> files : all_files()) {
    for (const CgroupFile& file : files) {
      if (visible(file, tree_, index)) {
        names.emplace_back(file.name);
      }
    }
  }
  for (const std::uint32_t child : tree_.at(index).children) {
    names.push_back(tree_.at(child).name + "/");
  }
}

int CgroupFiles::mkdir(Components path) {
  return tree_.mkdir(resolve(path.first(path.size() - 1)), path.back());
}

int CgroupFiles::rmdir(Components path) {
  return tree_.rmdir(resolve(path));
}

} // namespace schedrig::mock
