// SPDX-License-Identifier: MIT
// The tree of cgroups in the machine's memory: struct cgroup with its name, and a css_set for the
// tasks in it. Thread: one.
#pragma once

#include <cstdint>
#include <vector>

#include <schedrig/result.hpp>

#include "plugins/mock/kernel/address_space.hpp"
#include "plugins/mock/kernel/mirror.hpp"
#include "plugins/mock/kernel/sources.hpp"

namespace schedrig::mock {

class CgroupMirrors {
 public:
  Result<> store(AddressSpace& space, const CgroupTree& tree);

  // The css_set of tasks in the cgroup, by its index; of one that store() has seen.
  [[nodiscard]] std::uint64_t css_set(const AddressSpace& space, std::uint32_t index) const {
    return space.direct(groups_[index].set.physical());
  }

 private:
  struct Group {
    std::uint64_t id = 0; // whose it is: indices are used again
    Mirror<guest::Cgroup> cgroup;
    Mirror<guest::KernfsNode> node;
    Mirror<guest::CssSet> set;
    std::uint64_t name = 0; // physical
  };

  Result<> place(AddressSpace& space, std::uint32_t index);
  void create(AddressSpace& space, const Cgroup& from, Group& group);
  void store_one(AddressSpace& space, const CgroupTree& tree, std::uint32_t index, bool freeze);
  [[nodiscard]] std::uint64_t address(const AddressSpace& space, std::uint32_t index) const;
  [[nodiscard]] std::uint64_t sibling_node(const AddressSpace& space, std::uint32_t index) const;

  std::vector<Group> groups_; // by index
};

} // namespace schedrig::mock
