// SPDX-License-Identifier: MIT
// Cgroups of the small kernel. Thread: one.
#pragma once

#include <string_view>
#include <vector>

#include "tests/unit/kernel_view/small_kernel.hpp"

namespace schedrig::test {

class SmallKernelCgroups {
 public:
  explicit SmallKernelCgroups(SmallKernel& kernel) : kernel_(kernel) { set_up(root(), "", 0); }

  [[nodiscard]] static std::uint64_t root() { return SmallKernel::address_of("cgrp_dfl_root") + 8; }
  // With these below it, in this order.
  void put_below(std::uint64_t cgroup, const std::vector<std::uint64_t>& children) {
    std::vector<std::uint64_t> nodes;
    nodes.reserve(children.size());
    for (const std::uint64_t child : children) {
      nodes.push_back(child + kernel_.offset("cgroup", "self.sibling"));
    }
    kernel_.link(cgroup + kernel_.offset("cgroup", "self.children"), nodes);
  }
  std::uint64_t add(std::string_view name, std::uint64_t level) {
    const std::uint64_t cgroup = kernel_.add_object(80);
    set_up(cgroup, name, level);
    return cgroup;
  }

 private:
  void set_up(std::uint64_t cgroup, std::string_view name, std::uint64_t level) {
    const std::uint64_t text = kernel_.add_object(64);
    kernel_.ram.put_text(text - SmallKernel::kDirect, name);
    const std::uint64_t node = kernel_.add_object(8);
    kernel_.put_at(node, text);
    kernel_.put_field(cgroup, "cgroup", "self.cgroup", cgroup);
    kernel_.put_field(cgroup, "cgroup", "self.flags", 3); // online
    kernel_.put_field(cgroup, "cgroup", "kn", node);
    kernel_.put_field(cgroup, "cgroup", "level", level);
    put_below(cgroup, {});
  }

  SmallKernel& kernel_;
};

} // namespace schedrig::test
