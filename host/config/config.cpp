// SPDX-License-Identifier: MIT
#include "host/config/config.hpp"

#include <filesystem>
#include <optional>
#include <utility>

#include "host/config/decode_scenario.hpp"
#include "host/config/decoder.hpp"
#include "host/config/limits.hpp"
#include "host/config/overrides.hpp"
#include "host/config/read_file.hpp"
#include "host/config/references.hpp"
#include "host/config/toml_parser.hpp"

namespace schedrig::config {
namespace {

// Before anything else: a file of another version has other keys, and errors about them would
// mislead.
bool check_schema(const Node& document, Diagnostics& to) {
  constexpr std::string_view kHelp = "put `schema = 1` on the first line";
  if (document.members.empty() || document.find("schema") == nullptr) {
    to.add({.file = 0, .line = 1, .column = 1}, "the file does not say its schema",
           std::string(kHelp));
    return false;
  }
  const Member& first = document.members.front();
  const Node& schema = *document.find("schema");
  if (schema.type != NodeType::kInteger || schema.integer != kSchema) {
    to.add(schema.pos,
           "this schedrig reads schema 1" +
               (schema.type == NodeType::kInteger
                    ? ", the file has " + std::to_string(schema.integer)
                    : std::string(", schema is ") + std::string(describe(schema.type))),
           schema.type == NodeType::kInteger && schema.integer > kSchema
               ? "the file was written for a newer release"
               : std::string(kHelp));
    return false;
  }
  if (first.key != "schema" && schema.pos.file == first.key_pos.file) {
    to.add(first.key_pos, "schema is not the first key", std::string(kHelp));
    return false;
  }
  return true;
}

void decode(const LoadOptions& options, LoadedConfig& loaded, Diagnostics& errors) {
  std::optional<Node> document = parse_toml(loaded.sources[0].text, 0, errors);
  if (!document) {
    return;
  }
  for (const std::string& set : options.sets) {
    const auto file = static_cast<std::uint32_t>(loaded.sources.size());
    loaded.sources.push_back({"--set", set});
    apply_set(set, file, *document, errors);
  }
  if (!errors.empty() || !check_schema(*document, errors)) {
    return;
  }
  Decoder decoder(errors, {.accept_unlanded = options.accept_unlanded});
  decode_scenario(decoder, *document, loaded.scenario);
  check_references(decoder, loaded.scenario);
}

} // namespace

LoadedConfig load_text(std::string text, std::string name, const LoadOptions& options) {
  LoadedConfig loaded;
  loaded.scenario.run.name = std::filesystem::path(name).stem().string();
  loaded.sources.push_back({std::move(name), std::move(text)});
  Diagnostics errors;
  decode(options, loaded, errors);
  loaded.diagnostics = errors.take_sorted();
  for (const Source& source : loaded.sources) {
    loaded.scenario.files.push_back(source.name);
  }
  return loaded;
}

LoadedConfig load_file(const std::string& path, const LoadOptions& options) {
  auto text = read_file(path, kMaxFileBytes);
  if (text) {
    return load_text(*std::move(text), path, options);
  }
  LoadedConfig loaded;
  loaded.sources.push_back({path, {}});
  loaded.scenario.files.push_back(path);
  loaded.diagnostics.push_back({SourcePos{}, text.error().message, text.error().help});
  return loaded;
}

} // namespace schedrig::config
