// SPDX-License-Identifier: MIT
#include "host/kernel_view/rhashtable_walk.hpp"

#include <string>
#include <unordered_set>
#include <utility>

#include "host/kernel_view/list_walk.hpp"
#include "host/kernel_view/struct_reader.hpp"
#include "host/text/hex.hpp"

namespace schedrig::kernel_view {
namespace {

// The machine may stand still meanwhile: empty buckets are looked at for some 10 ms.
constexpr std::uint64_t kMaxBuckets = 65'536;
// A table is being moved to the one behind it, while that one may be outgrown already.
constexpr int kMaxTables = 8;
// Of a bucket: it is locked. Of a node's link: the chain ends here.
constexpr std::uint64_t kLowestBit = 1;

class RhashtableWalk {
 public:
  RhashtableWalk(const KernelView& view, StructReader tables, std::string_view name)
      : memory_(view.memory()), tables_(std::move(tables)), name_(name) {}

  Result<> visit(std::uint64_t first) {
    int number = 0;
    for (std::uint64_t at = first; at != 0;) {
      if (number++ == kMaxTables) {
        return bad("it is moved from table to table without an end");
      }
      TRY(visit_table(at));
      at = TRY(tables_.number(at, "future_tbl"));
    }
    return {};
  }

  std::vector<std::uint64_t> nodes;

 private:
  [[nodiscard]] std::unexpected<Error> bad(const std::string& why) const {
    return fail(StatusCode::kBadData, "the kernel's hash table " + std::string(name_) + ": " + why);
  }

  Result<> visit_table(std::uint64_t table) {
    const std::uint64_t buckets = TRY(tables_.number(table, "size"));
    if (buckets > kMaxBuckets) {
      return bad("it has " + std::to_string(buckets) + " buckets; at most " +
                 std::to_string(kMaxBuckets) + " are looked at");
    }
    const std::uint64_t levels = TRY(tables_.number(table, "nest"));
    if (levels != 0) {
      return bad("its buckets are in levels, which are not looked at");
    }
    const std::uint64_t first = TRY(tables_.address(table, "buckets"));
    for (std::uint64_t i = 0; i < buckets; ++i) {
      const auto head = TRY(memory_.read_object<std::uint64_t>(first + i * sizeof(std::uint64_t)));
      if ((head & ~kLowestBit) != 0) {
        TRY(visit_chain(head & ~kLowestBit));
      }
    }
    return {};
  }

  // A chain may lead into one of the next table's: what has been moved already.
  Result<> visit_chain(std::uint64_t node) {
    std::unordered_set<std::uint64_t> here;
    while ((node & kLowestBit) == 0) {
      if (node == 0 || budget_.left == 0 || !here.insert(node).second) {
        return bad("the chain comes to " + text::hex_number(node) +
                   ", which is nothing, or there already, or one too many");
      }
      --budget_.left;
      if (!met_.insert(node).second) {
        break;
      }
      nodes.push_back(node);
      node = TRY(memory_.read_object<std::uint64_t>(node)); // rhash_head.next comes first
    }
    return {};
  }

  KernelMemory memory_;
  StructReader tables_;
  std::string_view name_;
  WalkBudget budget_;
  std::unordered_set<std::uint64_t> met_;
};

} // namespace

Result<std::vector<std::uint64_t>> nodes_of_rhashtable(const KernelView& view, std::uint64_t table,
                                                       std::string_view name) {
  const kernel::BtfTypes& types = view.facts().types;
  auto hash = TRY(StructReader::of(types, view.memory(), "rhashtable"));
  auto tables = TRY(StructReader::of(types, view.memory(), "bucket_table"));
  const std::uint64_t first = TRY(hash.number(table, "tbl"));
  RhashtableWalk walk(view, std::move(tables), name);
  TRY(walk.visit(first));
  return std::move(walk.nodes);
}

} // namespace schedrig::kernel_view
