// SPDX-License-Identifier: MIT
#include <array>
#include <string>

#include "host/config/decode_scenario.hpp"
#include "host/config/memory_regions.hpp"
#include "host/config/readers.hpp"
#include "host/text/size.hpp"
#include "host/text/topology_text.hpp"

namespace schedrig::config {
namespace {

constexpr std::int64_t kMiB = 1 << 20;
// A distribution kernel with an agent does not boot in less than 64 MiB; nobody's test host has
// more than 1 TiB to give away.
constexpr More kMemory{.default_value = "512MiB", .minimum = 64 * kMiB, .maximum = kMiB * kMiB};

// Each is a machine's memory, on disk and, with several runs, in memory; some of the kernel's
// choices at boot (slide, page colours) have few values.
constexpr std::int64_t kMostTemplates = 16;

// --- topology as a table
// --------------------------------------------------------------------------
struct NodeTable {
  std::vector<std::uint32_t> llcs;
  std::uint64_t memory_bytes = 0;
};
struct TopologyTable {
  std::vector<NodeTable> nodes;
  std::uint32_t smt = 1;
  std::vector<std::vector<std::uint32_t>> distances;
};

void read_counts(Decoder& decoder, const FieldInfo& info, const Node& value,
                 std::vector<std::uint32_t>& to) {
  if (!decoder.is_list(info.key, value)) {
    return;
  }
  FieldInfo item_info = info;
  item_info.kind = FieldKind::kInteger;
  for (const Node& item : value.items) {
    if (const auto count = decoder.integer(item_info, item, info.minimum, info.maximum)) {
      to.push_back(static_cast<std::uint32_t>(*count));
    }
  }
}

constexpr std::array kNodeFields = {
    custom_key<&NodeTable::llcs, read_counts>(
        "llcs", FieldKind::kList, "cores of each of its LLCs; []: a node of memory only",
        {.required = true, .minimum = 1, .maximum = kMaxCpus, .forms = list_of<an_integer>}),
    size_key<&NodeTable::memory_bytes>("memory", "its memory; an even share by default",
                                       {.minimum = kMiB, .maximum = kMemory.maximum}),
};

void read_nodes(Decoder& decoder, const FieldInfo& info, const Node& value,
                std::vector<NodeTable>& to) {
  if (!decoder.is_list(info.key, value)) {
    return;
  }
  if (value.items.size() > kMaxCpus) {
    decoder.error(value.pos, std::to_string(value.items.size()) + " nodes",
                  "at most " + std::to_string(kMaxCpus));
    return;
  }
  for (const Node& item : value.items) {
    decode_table<NodeTable>(decoder, item, "a node", kNodeFields, to.emplace_back());
  }
}

void read_distances(Decoder& decoder, const FieldInfo& info, const Node& value,
                    std::vector<std::vector<std::uint32_t>>& to) {
  if (!decoder.is_list(info.key, value)) {
    return;
  }
  for (const Node& row : value.items) {
    read_counts(decoder, info, row, to.emplace_back());
  }
}

constexpr std::array kTopologyFields = {
    custom_key<&TopologyTable::nodes, read_nodes>(
        "nodes", FieldKind::kTableList, "the NUMA nodes",
        {.required = true, .forms = list_of<a_table<NodeTable, kNodeFields>>}),
    integer_key<&TopologyTable::smt>("smt", "threads of each core",
                                     {.default_value = "1", .minimum = 1, .maximum = 2}),
    custom_key<&TopologyTable::distances, read_distances>(
        "distances", FieldKind::kList, "a row for each node; 10 and 20 by default",
        {.minimum = 1, .maximum = kMaxDistance, .forms = list_of<list_of<an_integer>>}),
};

constexpr std::array kTopologyForms = {
    Form{.kind = FieldKind::kString,
         .pattern = "host|[0-9]+n[0-9]+l[0-9]+c[12]t",
         .noun = "\"host\" or a shape (\"1n2l4c2t\")"},
    kTableForm<TopologyTable, kTopologyFields>,
};

Topology topology_of(const TopologyTable& table) {
  Topology topology;
  topology.threads_per_core = table.smt;
  for (const NodeTable& node : table.nodes) {
    topology.nodes.push_back({.first_llc = static_cast<std::uint32_t>(topology.llc_cores.size()),
                              .llc_count = static_cast<std::uint32_t>(node.llcs.size()),
                              .memory_bytes = node.memory_bytes});
    topology.llc_cores.insert(topology.llc_cores.end(), node.llcs.begin(), node.llcs.end());
  }
  const std::size_t n = table.nodes.size();
  for (const auto& row : table.distances) {
    topology.distances.insert(topology.distances.end(), row.begin(), row.end());
  }
  for (std::size_t i = 0; table.distances.empty() && i < n * n; ++i) {
    topology.distances.push_back(i % (n + 1) == 0 ? kLocalDistance : kDefaultRemoteDistance);
  }
  return topology;
}

void read_topology_table(Decoder& decoder, const FieldInfo& info, const Node& value, Topology& to) {
  const std::size_t before = decoder.errors();
  TopologyTable table;
  decode_table<TopologyTable>(decoder, value, info.key, kTopologyFields, table);
  if (decoder.errors() != before) {
    return;
  }
  const Node* distances = value.find("distances");
  for (const auto& row : table.distances) {
    if (row.size() != table.nodes.size() || table.distances.size() != table.nodes.size()) {
      decoder.error(distances->pos, "distances is not square",
                    "one row for each of the " + std::to_string(table.nodes.size()) +
                        " nodes, each with as many numbers");
      return;
    }
  }
  Topology topology = topology_of(table);
  if (const Status status = validate(topology.view()); !status.ok()) {
    decoder.error(value.pos, status.message, status.help);
    return;
  }
  to = std::move(topology);
}

void read_host_topology(Decoder& decoder, const Node& value, Topology& to) {
  auto topology = decoder.host_topology() == nullptr
                      ? fail(StatusCode::kUnsupported, "there is no host to look at",
                             "write a topology, such as \"1n2l4c2t\"")
                      : decoder.host_topology()();
  if (!topology) {
    decoder.error(value.pos, "topology = \"host\": " + topology.error().message,
                  topology.error().help);
    return;
  }
  to = *std::move(topology);
}

void read_topology(Decoder& decoder, const FieldInfo& info, const Node& value, Topology& to) {
  if (value.type == NodeType::kTable) {
    read_topology_table(decoder, info, value, to);
    return;
  }
  if (value.type != NodeType::kString) {
    decoder.wrong_type(info.key, value, FieldKind::kChoice);
    return;
  }
  if (value.text == "host") {
    read_host_topology(decoder, value, to);
    return;
  }
  auto topology = text::parse_topology(value.text);
  if (!topology) {
    decoder.error(value.pos, topology.error().message, topology.error().help);
    return;
  }
  to = *std::move(topology);
}

// --- memory
// ---------------------------------------------------------------------------------------
constexpr std::array kMemoryFields = {
    size_key<&MachineConfig::memory_bytes>(
        "size", "memory of the machine",
        {.required = true, .minimum = kMemory.minimum, .maximum = kMemory.maximum}),
    custom_key<&MachineConfig::regions, read_memory_regions>(
        "regions", FieldKind::kTableList,
        "named parts of it, one after another; they add up to the machine's memory",
        {.forms = memory_region_forms}),
};

constexpr std::array kMachineMemoryForms = {
    Form{.kind = FieldKind::kSize},
    kTableForm<MachineConfig, kMemoryFields>,
};

void read_memory(Decoder& decoder, const FieldInfo& info, const Node& value, MachineConfig& to) {
  if (value.type == NodeType::kTable) {
    decode_table<MachineConfig>(decoder, value, info.key, kMemoryFields, to);
  } else if (const auto bytes = decoder.size(info, value)) {
    to.memory_bytes = *bytes;
  }
}

constexpr std::array kMachineFields = {
    custom_key<&MachineConfig::topology, read_topology>(
        "topology", FieldKind::kChoice, "\"1n2l4c2t\" or a table of nodes",
        {.default_value = "1n1l2c1t", .forms = as_forms<kTopologyForms>}),
    Field<MachineConfig>{make_info("memory", FieldKind::kSize, "memory of the machine",
                                   {.default_value = kMemory.default_value,
                                    .minimum = kMemory.minimum,
                                    .maximum = kMemory.maximum,
                                    .forms = as_forms<kMachineMemoryForms>}),
                         &read_memory},
    string_key<&MachineConfig::kernel>("kernel",
                                       "version prefix or path; by default the newest that fits"),
    string_key<&MachineConfig::cmdline>("cmdline", "appended to the kernel's command line"),
    integer_key<&MachineConfig::templates>(
        "templates",
        "different booted machines that runs start from, by seed; 0: each run boots its own; 1 by "
        "default, 0 where the machine's clock is virtual and a boot costs nothing",
        {.minimum = 0, .maximum = kMostTemplates}),
    size_key<&MachineConfig::template_cache_bytes>(
        "template_cache",
        "most that booted machines may take on disk; those used longest ago make room; as much as "
        "eight machines of the default memory by default",
        {.default_value = "4GiB", .minimum = kMiB, .maximum = kMiB * kMiB}),
};
static_assert(well_formed<NodeTable>(kNodeFields));
static_assert(well_formed<TopologyTable>(kTopologyFields));
static_assert(well_formed<MachineConfig>(kMemoryFields));
static_assert(well_formed<MachineConfig>(kMachineFields));

// Nodes with a size of their own take it out of the machine's memory.
void check_memory(Decoder& decoder, const Node& value, MachineConfig& to) {
  std::uint64_t given = 0;
  std::size_t with_size = 0;
  for (const NodeSpec& node : to.topology.nodes) {
    with_size += node.memory_bytes == 0 ? 0 : 1;
    given += node.memory_bytes; // at most kMaxCpus nodes of 1 TiB: no overflow
  }
  if (with_size == 0) {
    return;
  }
  const bool all = with_size == to.topology.nodes.size();
  const Node* memory = value.find("memory");
  if (memory == nullptr && all) {
    to.memory_bytes = given;
  }
  const std::uint64_t size = to.memory_bytes;
  if (given > size || (all && given != size) || (!all && given == size)) {
    decoder.error(memory == nullptr ? value.find("topology")->pos : memory->pos,
                  "the nodes' memory adds up to " + text::format_size(given) +
                      ", the machine's is " + text::format_size(size),
                  all ? "make them equal, or leave the machine's memory out"
                      : "leave something for the nodes without a size");
  }
}

} // namespace

std::span<const Form> machine_forms() {
  return a_table<MachineConfig, kMachineFields>();
}

void decode_machine(Decoder& decoder, const FieldInfo&, const Node& value, MachineConfig& to) {
  to.pos = value.pos;
  const std::size_t before = decoder.errors();
  decode_table<MachineConfig>(decoder, value, "[machine]", kMachineFields, to);
  if (value.type == NodeType::kTable && decoder.errors() == before) {
    check_memory(decoder, value, to);
    share_memory(decoder, value, to);
  }
}

} // namespace schedrig::config
