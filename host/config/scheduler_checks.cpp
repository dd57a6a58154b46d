// SPDX-License-Identifier: MIT
#include "host/config/scheduler_checks.hpp"

#include <optional>
#include <string>
#include <utility>

#include "host/config/decode_scenario.hpp"
#include "host/config/decoder.hpp"
#include "host/config/limits.hpp"
#include "host/config/merge.hpp"
#include "host/config/toml_parser.hpp"

namespace schedrig::config {

std::vector<Diagnostic> lay_scheduler_checks(std::string_view scheduler, std::string_view checks,
                                             Sources& sources, Node& document, ChecksConfig& to) {
  const auto file = static_cast<std::uint32_t>(sources.size());
  sources.push_back(
      {"scheduler " + std::string(scheduler), std::string(checks), SourceKind::kScheduler});
  Diagnostics errors;
  TextBudget budget;
  std::optional<Node> layer = parse_toml(sources[file].text, file, errors, budget);
  if (!layer) {
    return errors.take_sorted();
  }
  if (const Node* given = document.find("checks")) {
    merge_over(*layer, *given, checks_forms());
  }
  ChecksConfig merged;
  Decoder decoder(errors, {});
  decode_checks(decoder, {}, *layer, merged);
  if (errors.empty()) {
    to = std::move(merged);
    if (Node* given = document.find("checks")) {
      *given = *std::move(layer);
    } else {
      document.members.push_back({"checks", layer->pos, *std::move(layer)});
    }
  }
  return errors.take_sorted();
}

} // namespace schedrig::config
