// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>

#include "host/config/decode_scenario.hpp"
#include "host/config/readers.hpp"
#include "host/text/quote.hpp"

namespace schedrig::config {
namespace {

constexpr std::array kFormats = {
    Word{"json", ReportFormat::kJson}, Word{"events", ReportFormat::kEvents},
    Word{"ktap", ReportFormat::kKtap}, Word{"junit", ReportFormat::kJunit}};

void read_formats(Decoder& decoder, const FieldInfo& info, const Node& value,
                  std::vector<ReportFormat>& to) {
  if (!decoder.is_list(info.key, value)) {
    return;
  }
  for (const Node& item : value.items) {
    if (item.type != NodeType::kString) {
      decoder.wrong_type("each value of formats", item, FieldKind::kString);
      continue;
    }
    const auto format = decoder.word<ReportFormat>(info, item, kFormats);
    if (format && std::ranges::find(to, *format) != to.end()) {
      decoder.error(item.pos, text::quote(item.text) + " stands twice in formats",
                    "each format has one file");
    } else if (format) {
      to.push_back(*format);
    }
  }
}

constexpr std::array kFields = {
    string_key<&ReportConfig::dir>("dir",
                                   "folder for the files, from the working directory; made if "
                                   "missing",
                                   {.default_value = "."}),
    custom_key<&ReportConfig::formats, read_formats>(
        "formats", FieldKind::kList,
        "what each run writes, to NAME.json, .jsonl (events), .ktap or .xml (junit); NAME is the "
        "run's",
        {.required = true, .forms = list_of<one_word<kFormats>>}),
};
static_assert(well_formed<ReportConfig>(kFields));

} // namespace

std::span<const Form> report_forms() {
  return a_table<ReportConfig, kFields>();
}

void decode_report(Decoder& decoder, const FieldInfo&, const Node& value, ReportConfig& to) {
  decode_table<ReportConfig>(decoder, value, "[report]", kFields, to);
  const Node* dir = value.find("dir");
  if (dir != nullptr && dir->type == NodeType::kString && to.dir.empty()) {
    decoder.error(dir->pos, "dir is empty", "dir = \".\" is the working directory");
  }
}

} // namespace schedrig::config
