// SPDX-License-Identifier: MIT
// [[workload]]: which file of another tool is imported, and where its tasks go. The file itself is
// read by import_workloads.cpp, when everything else is decoded.
#include <array>

#include "host/config/decode_scenario.hpp"
#include "host/config/readers.hpp"

namespace schedrig::config {
namespace {

void read_import(Decoder& decoder, const FieldInfo& info, const Node& value, Workload& to) {
  const auto path = decoder.string(info, value);
  if (path && path->empty()) {
    decoder.error(value.pos, "import names no file", "import = \"tasks.json\"");
  } else if (path) {
    to.import = *path;
    to.import_pos = value.pos;
  }
}

constexpr std::array kWorkloadFields = {
    Field<Workload>{
        make_info("import", FieldKind::kString,
                  "an rt-app file, relative to the file that says it; docs/reference/rt_app.md",
                  kRequired),
        &read_import},
    string_key<&Workload::cgroup>(
        "cgroup", "a cgroup of the backdrop for its tasks; the runner's by default"),
};
static_assert(well_formed<Workload>(kWorkloadFields));

} // namespace

std::span<const Form> workload_forms() {
  return a_table<Workload, kWorkloadFields>();
}

void decode_workloads(Decoder& decoder, const FieldInfo& info, const Node& value,
                      std::vector<Workload>& to) {
  if (value.type != NodeType::kArray) {
    decoder.wrong_type(info.key, value, FieldKind::kTableList);
    return;
  }
  for (const Node& item : value.items) {
    Workload& workload = to.emplace_back();
    workload.pos = item.pos;
    decoder.remember(item);
    decode_table<Workload>(decoder, item, "a workload", kWorkloadFields, workload);
  }
}

} // namespace schedrig::config
