// SPDX-License-Identifier: MIT
#include "plugins/mock/kernel/cgroup_mirrors.hpp"

#include <algorithm>
#include <cstddef>

#include "plugins/mock/kernel/ring.hpp"

namespace schedrig::mock {
namespace {

constexpr std::uint64_t kNameBytes = 256;   // NAME_MAX and the zero
constexpr std::uint32_t kOnline = 1U << 1U; // CSS_ONLINE

// As the kernel has them: in the order in which they were made.
std::vector<std::uint32_t> children_by_age(const CgroupTree& tree, std::uint32_t index) {
  std::vector<std::uint32_t> children = tree.at(index).children;
  std::ranges::sort(children, {}, [&](std::uint32_t child) { return tree.at(child).id; });
  return children;
}

} // namespace

std::uint64_t CgroupMirrors::address(const AddressSpace& space, std::uint32_t index) const {
  return index == 0 ? space.image(layout::kCgroupRoot) + offsetof(guest::CgroupRoot, cgrp)
                    : space.direct(groups_[index].cgroup.physical());
}

std::uint64_t CgroupMirrors::sibling_node(const AddressSpace& space, std::uint32_t index) const {
  return address(space, index) + offsetof(guest::Cgroup, self) +
         offsetof(guest::CgroupSubsysState, sibling);
}

Result<> CgroupMirrors::place(AddressSpace& space, std::uint32_t index) {
  Group& group = groups_[index];
  group.cgroup = Mirror<guest::Cgroup>(index == 0 ? space.image_physical(layout::kCgroupRoot) +
                                                        offsetof(guest::CgroupRoot, cgrp)
                                                  : TRY(space.allocate(sizeof(guest::Cgroup))));
  group.node = Mirror<guest::KernfsNode>(TRY(space.allocate(sizeof(guest::KernfsNode))));
  group.set = Mirror<guest::CssSet>(TRY(space.allocate(sizeof(guest::CssSet))));
  group.name = TRY(space.allocate(kNameBytes));
  return {};
}

void CgroupMirrors::create(AddressSpace& space, const Cgroup& from, Group& group) {
  group.id = from.id;
  std::array<char, kNameBytes> name{};
  std::copy_n(from.name.begin(), std::min(from.name.size(), name.size() - 1), name.begin());
  space.ram().put(group.name, name);
  group.node.create(space.ram(), {.name = space.direct(group.name), .id = from.id});
  group.cgroup.create(space.ram(), {});
  group.set.create(space.ram(), {});
}

void CgroupMirrors::store_one(AddressSpace& space, const CgroupTree& tree, std::uint32_t index,
                              bool freeze) {
  const Cgroup& from = tree.at(index);
  Group& group = groups_[index];
  const std::uint64_t at = address(space, index);
  guest::Cgroup now;
  now.self.cgroup = at;
  now.self.sibling = group.cgroup.stored().self.sibling; // its parent has linked it
  now.self.flags = kOnline;
  now.self.serial_nr = from.id;
  now.kn = space.direct(group.node.physical());
  for (std::uint32_t above = index; above != 0; above = tree.at(above).parent) {
    ++now.level;
  }
  now.nr_populated_csets = from.pids.empty() ? 0 : 1;
  freeze = freeze || from.freeze;
  now.e_freeze = freeze ? 1 : 0;
  Ring ring(at + offsetof(guest::Cgroup, self) + offsetof(guest::CgroupSubsysState, children));
  const std::vector<std::uint32_t> children = children_by_age(tree, index);
  for (const std::uint32_t child : children) {
    ring.add(sibling_node(space, child));
    std::int32_t& populated = tree.at(child).threaded ? now.nr_populated_threaded_children
                                                      : now.nr_populated_domain_children;
    populated += tree.populated(child) ? 1 : 0;
  }
  now.self.children = ring.head();
  if (index == 0) {
    const std::uint64_t own = sibling_node(space, 0);
    now.self.sibling = {.next = own, .prev = own};
  }
  group.cgroup.store(space.ram(), now);
  group.set.store(space.ram(), {.dfl_cgrp = at});
  for (std::size_t i = 0; i < children.size(); ++i) {
    Mirror<guest::Cgroup>& child = groups_[children[i]].cgroup;
    guest::Cgroup linked = child.stored();
    linked.self.sibling = ring.node(i);
    child.store(space.ram(), linked);
    store_one(space, tree, children[i], freeze);
  }
}

Result<> CgroupMirrors::store(AddressSpace& space, const CgroupTree& tree) {
  groups_.resize(std::max<std::size_t>(groups_.size(), tree.size()));
  for (std::uint32_t index = 0; index < tree.size(); ++index) {
    if (!tree.at(index).live) {
      continue;
    }
    if (!groups_[index].cgroup.placed()) {
      TRY(place(space, index));
    }
    if (groups_[index].id != tree.at(index).id) {
      create(space, tree.at(index), groups_[index]);
    }
  }
  store_one(space, tree, 0, false);
  return {};
}

} // namespace schedrig::mock
