// SPDX-License-Identifier: MIT
#include "plugins/mock/files/vfs.hpp"

#include <algorithm>

namespace schedrig::mock {
namespace {

bool starts_with(Components path, std::span<const std::string_view> prefix) {
  return path.size() >= prefix.size() && std::equal(prefix.begin(), prefix.end(), path.begin());
}

} // namespace

void Vfs::mount(std::string path, FileTree& tree) {
  Mount& mount = mounts_.emplace_back();
  mount.path = std::move(path);
  mount.tree = &tree;
  // Built again for all: moving short strings moved their characters.
  for (Mount& each : mounts_) {
    each.components.clear();
    std::string_view rest = each.path;
    while (!rest.empty()) {
      rest.remove_prefix(1);
      const std::size_t n = std::min(rest.find('/'), rest.size());
      each.components.push_back(rest.substr(0, n));
      rest.remove_prefix(n);
    }
  }
}

FileTree* Vfs::tree_of(Components path, Components& below) {
  const Mount* best = nullptr;
  for (const Mount& mount : mounts_) {
    if (starts_with(path, mount.components) &&
        (best == nullptr || mount.components.size() > best->components.size())) {
      best = &mount;
    }
  }
  if (best == nullptr) {
    return nullptr;
  }
  below = path.subspan(best->components.size());
  return best->tree;
}

bool Vfs::is_mount_point(Components path) const {
  return std::any_of(mounts_.begin(), mounts_.end(), [path](const Mount& mount) {
    return mount.components.size() == path.size() && starts_with(path, mount.components);
  });
}

NodeKind Vfs::find(Components path) {
  Components below;
  if (FileTree* tree = tree_of(path, below); tree != nullptr) {
    if (const NodeKind kind = tree->find(below); kind != NodeKind::kAbsent) {
      return kind;
    }
  }
  // A directory of the skeleton: on the way to a mount point.
  const bool skeleton = std::any_of(mounts_.begin(), mounts_.end(), [path](const Mount& mount) {
    return starts_with(mount.components, path);
  });
  return skeleton ? NodeKind::kDirectory : NodeKind::kAbsent;
}

Vfs::Walk Vfs::walk(std::string_view path) {
  Walk result;
  result.trailing_slash = path.size() > 1 && path.back() == '/';
  while (!path.empty()) {
    path.remove_prefix(path.front() == '/' ? 1 : 0);
    const std::size_t n = std::min(path.find('/'), path.size());
    const std::string_view name = path.substr(0, n);
    path.remove_prefix(n);
    if (name.empty()) {
      continue;
    }
    // Everything before this component must be a directory.
    if (const NodeKind kind = find(result.components); kind != NodeKind::kDirectory) {
      result.error = kind == NodeKind::kFile ? ENOTDIR : ENOENT;
      return result;
    }
    // No limit on a name's length: kernfs and procfs do not look at NAME_MAX.
    result.last = name;
    if (name == "..") {
      if (!result.components.empty()) {
        result.components.pop_back();
      }
    } else if (name != ".") {
      result.components.push_back(name);
    }
  }
  return result;
}

int Vfs::execute(const FileOp& op, std::string& out) {
  const Walk walk = this->walk(op.path);
  if (walk.error != 0) {
    return walk.error;
  }
  if (op.kind == FileOpKind::kMkdir) {
    return mkdir(walk);
  }
  if (op.kind == FileOpKind::kRmdir) {
    return rmdir(walk);
  }
  const NodeKind kind = find(walk.components);
  if (kind == NodeKind::kAbsent) {
    return ENOENT;
  }
  if (op.kind == FileOpKind::kList) {
    return kind == NodeKind::kDirectory ? list(walk.components, out) : ENOTDIR;
  }
  if (kind == NodeKind::kDirectory) {
    return EISDIR; // open(2) for writing says so, read(2) for reading
  }
  if (walk.trailing_slash) {
    return ENOTDIR;
  }
  Components below;
  FileTree* const tree = tree_of(walk.components, below);
  return op.kind == FileOpKind::kRead ? tree->read(below, out) : tree->write(below, op.data);
}

int Vfs::mkdir(const Walk& walk) {
  if (walk.last.empty() || walk.last == "." || walk.last == ".." ||
      find(walk.components) != NodeKind::kAbsent) {
    return EEXIST;
  }
  Components below;
  FileTree* const tree = tree_of(walk.components, below);
  return tree == nullptr ? EROFS : tree->mkdir(below);
}

int Vfs::rmdir(const Walk& walk) {
  if (walk.last.empty()) {
    return EBUSY;
  }
  if (walk.last == ".") {
    return EINVAL;
  }
  if (walk.last == "..") {
    return ENOTEMPTY;
  }
  const NodeKind kind = find(walk.components);
  if (kind != NodeKind::kDirectory) {
    return kind == NodeKind::kFile ? ENOTDIR : ENOENT;
  }
  if (is_mount_point(walk.components)) {
    return EBUSY;
  }
  Components below;
  FileTree* const tree = tree_of(walk.components, below);
  return tree == nullptr ? EROFS : tree->rmdir(below);
}

int Vfs::list(Components path, std::string& out) {
  std::vector<std::string> names;
  Components below;
  if (FileTree* tree = tree_of(path, below);
      tree != nullptr && tree->find(below) == NodeKind::kDirectory) {
    tree->list(below, names);
  }
  for (const Mount& mount : mounts_) {
    if (mount.components.size() > path.size() && starts_with(mount.components, path)) {
      names.push_back(std::string(mount.components[path.size()]) + "/");
    }
  }
  const auto bare = [](std::string_view name) {
    return name.ends_with('/') ? name.substr(0, name.size() - 1) : name;
  };
  std::sort(names.begin(), names.end(),
            [&](const std::string& a, const std::string& b) { return bare(a) < bare(b); });
  names.erase(std::unique(names.begin(), names.end()), names.end());
  for (const std::string& name : names) {
    out += name + "\n";
  }
  return 0;
}

} // namespace schedrig::mock
