// SPDX-License-Identifier: MIT
#include "host/kernel_view/cgroup_walk.hpp"

#include <string_view>
#include <unordered_set>
#include <utility>

#include "host/kernel_view/list_walk.hpp"
#include "host/kernel_view/struct_reader.hpp"
#include "host/text/hex.hpp"

namespace schedrig::kernel_view {
namespace {

constexpr std::uint32_t kOnline = 1U << 1U; // CSS_ONLINE
constexpr std::size_t kMaxNameBytes = 255;  // NAME_MAX

class CgroupWalk {
 public:
  static Result<CgroupWalk> of(const KernelView& view) {
    const kernel::BtfTypes& types = view.facts().types;
    auto cgroup = TRY(StructReader::of(types, view.memory(), "cgroup"));
    auto node = TRY(StructReader::of(types, view.memory(), "kernfs_node"));
    auto state = TRY(StructReader::of(types, view.memory(), "cgroup_subsys_state"));
    return CgroupWalk(view.memory(), std::move(cgroup), std::move(node), std::move(state));
  }

  // The tree is as deep as its lists say: one that never ends runs out of the budget.
  Result<> visit_all(std::uint64_t root) {
    struct Open {
      std::uint64_t cgroup;
      std::string path;
    };
    std::vector<Open> open = {{root, "/"}};
    while (!open.empty()) {
      const Open next = std::move(open.back());
      open.pop_back();
      if (!met_.insert(next.cgroup).second) {
        return fail(StatusCode::kBadData, "the kernel's tree of cgroups comes to " +
                                              text::hex_number(next.cgroup) + " twice");
      }
      all.push_back(TRY(facts(next.cgroup, next.path)));
      const auto children = TRY(children_of(next.cgroup));
      for (auto child = children.rbegin(); child != children.rend(); ++child) {
        auto name = TRY(name_of(*child));
        open.push_back({*child, (next.path == "/" ? "/" : next.path + "/") + std::move(name)});
      }
    }
    return {};
  }

  std::vector<CgroupFacts> all;

 private:
  CgroupWalk(KernelMemory memory, StructReader cgroup, StructReader node, StructReader state)
      : memory_(std::move(memory)), cgroup_(std::move(cgroup)), node_(std::move(node)),
        state_(std::move(state)) {}

  Result<CgroupFacts> facts(std::uint64_t cgroup, const std::string& path) {
    // Linux 7.3 keeps it for each controller.
    const auto csets = TRY(cgroup_.first_of({"nr_populated_csets", "self.nr_populated_csets"}));
    const std::uint64_t populated = TRY(cgroup_.number(cgroup, csets)) |
                                    TRY(cgroup_.number(cgroup, "nr_populated_domain_children")) |
                                    TRY(cgroup_.number(cgroup, "nr_populated_threaded_children"));
    return CgroupFacts{.address = cgroup,
                       .path = path,
                       .level = static_cast<std::uint32_t>(TRY(cgroup_.number(cgroup, "level"))),
                       .populated = populated != 0,
                       .frozen = TRY(cgroup_.number(cgroup, "freezer.e_freeze")) != 0};
  }

  // In the order in which they were made: the kernel puts new ones at the end.
  Result<std::vector<std::uint64_t>> children_of(std::uint64_t cgroup) {
    std::vector<std::uint64_t> children;
    const std::uint64_t head = TRY(cgroup_.address(cgroup, "self.children"));
    const auto collect = [&](std::uint64_t sibling) -> Result<bool> {
      const std::uint64_t state = TRY(state_.container(sibling, "sibling"));
      if ((TRY(state_.number(state, "flags")) & kOnline) != 0) {
        children.push_back(TRY(state_.number(state, "cgroup")));
      }
      return false;
    };
    TRY(walk_list(memory_, head, "cgroup.self.children", budget_, collect));
    return children;
  }

  Result<std::string> name_of(std::uint64_t cgroup) {
    const std::uint64_t node = TRY(cgroup_.number(cgroup, "kn"));
    const std::uint64_t name = TRY(node_.number(node, "name"));
    auto text = memory_.read_text(name, kMaxNameBytes);
    if (!text) {
      return std::unexpected(
          std::move(text).error().context("the name of the cgroup at " + text::hex_number(cgroup)));
    }
    return text;
  }

  KernelMemory memory_;
  StructReader cgroup_;
  StructReader node_;
  StructReader state_;
  WalkBudget budget_;
  std::unordered_set<std::uint64_t> met_;
};

} // namespace

Result<std::vector<CgroupFacts>> walk_cgroups(const KernelView& view) {
  auto walk = TRY(CgroupWalk::of(view));
  auto hierarchy = TRY(StructReader::of(view.facts().types, view.memory(), "cgroup_root"));
  const std::uint64_t at = TRY(view.address_of("cgrp_dfl_root"));
  const std::uint64_t root = TRY(hierarchy.address(at, "cgrp"));
  TRY(walk.visit_all(root));
  return std::move(walk.all);
}

} // namespace schedrig::kernel_view
