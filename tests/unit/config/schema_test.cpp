// SPDX-License-Identifier: MIT
// The JSON Schema says what the decoder does, as far as the form of one file goes; the committed
// copies of it and of the reference are fresh (renewed with SCHEDRIG_UPDATE_GOLDEN=1).
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "host/config/decode_scenario.hpp"
#include "host/config/json_schema.hpp"
#include "host/config/op_reference.hpp"
#include "host/config/reference.hpp"
#include "host/config/toml_parser.hpp"
#include "host/json/text.hpp"
#include "tests/unit/config/load.hpp"
#include "tests/unit/config/schema_validator.hpp"

namespace schedrig::config {
namespace {

namespace fs = std::filesystem;

const fs::path kRoot = SCHEDRIG_SOURCE_DIR;

std::string read_whole(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

void expect_fresh(const fs::path& kept, const std::string& text) {
  if (std::getenv("SCHEDRIG_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(kept, std::ios::binary) << text;
    GTEST_SKIP() << "written: " << kept;
  }
  EXPECT_TRUE(read_whole(kept) == text) << kept << " is stale; see the head of this file";
}

// What the schema says to a file; "no TOML" where there is nothing to look at.
std::string verdict_on(const fs::path& path) {
  static const json::Value schema = json_schema();
  Diagnostics errors;
  TextBudget budget;
  const auto document = parse_toml(read_whole(path), 0, errors, budget);
  return document ? validate_json(schema, to_json(*document)) : "no TOML";
}

std::vector<fs::path> toml_files(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".toml") {
      files.push_back(entry.path());
    }
  }
  std::ranges::sort(files);
  return files;
}

TEST(Schema, the_committed_copy_is_fresh) {
  expect_fresh(kRoot / "schema/schedrig.schema.json", json::to_document(json_schema()));
}

TEST(Reference, the_committed_copy_is_fresh) {
  expect_fresh(kRoot / "docs/reference/config.md", reference_markdown());
  expect_fresh(kRoot / "docs/reference/op-list.md", op_list_markdown());
}

TEST(Schema, accepts_the_file_with_every_key_op_and_variant) {
  EXPECT_EQ(verdict_on(kRoot / "docs/reference/scenario.toml"), "");
}

TEST(Schema, accepts_every_config_and_each_names_it_for_editors) {
  for (const fs::path& path : toml_files(kRoot / "configs")) {
    EXPECT_EQ(verdict_on(path), "") << path;
    EXPECT_TRUE(read_whole(path).starts_with("#:schema ../schema/schedrig.schema.json\n")) << path;
  }
}

// The schema knows types, keys, words and bounds of numbers. What it cannot know: bounds of
// durations and sizes, references, the order of keys, what has landed.
TEST(Schema, refuses_every_malformed_file_whose_form_is_wrong) {
  const std::set<std::string> beyond = {"backend_parameters",        "deadline_too_short",
                                        "duplicate_names",           "holds_and_deadline",
                                        "memory_regions_full",       "memory_regions_rest",
                                        "memory_regions_size",       "no_steps",
                                        "not_supported_yet",         "schema_not_first",
                                        "tasks_in_hot_ops",          "topology_host",
                                        "topology_node_memory",      "topology_table_square",
                                        "topology_table_asymmetric", "topology_too_large",
                                        "undeclared_cgroups",        "payload_of_a_scheduler",
                                        "payload_references"};
  for (const fs::path& path : toml_files(kRoot / "tests/golden/config")) {
    EXPECT_EQ(verdict_on(path).empty(), beyond.contains(path.stem().string()))
        << path << ": " << verdict_on(path);
  }
}

TEST(Schema, each_kind_of_mistake_is_found_where_it_is) {
  const fs::path path = fs::path(testing::TempDir()) / "schema_mistake.toml";
  const auto verdict = [&](const std::string& text) {
    std::ofstream(path) << text;
    return verdict_on(path);
  };
  EXPECT_EQ(verdict("[run]\n"), ": lacks schema");
  EXPECT_EQ(verdict("schema = 2\n"), ".schema: is too large");
  EXPECT_EQ(verdict("schema = 1\nstep = 1\n"), ".step: is no array");
  EXPECT_EQ(verdict("schema = 1\n[run]\nsed = 1\n"), ".run: has the unknown key sed");
  EXPECT_EQ(verdict("schema = 1\n[run]\nduration = \"1 s\"\n"),
            ".run.duration: does not match ^[0-9]+(ns|us|ms|s|min|h)$");
  EXPECT_EQ(verdict("schema = 1\n[[step]]\nop = [ { kind = \"freeze_cgroup\" } ]\n"),
            ".step[0].op[0]: fits 0 forms");
  EXPECT_EQ(verdict("schema = 1\n[[step]]\n[[step.cgroup]]\nname = \"a/b\"\n"),
            ".step[0].cgroup[0].name: does not match ^([A-Za-z0-9_-]{1,64})$");
  EXPECT_EQ(verdict("schema = 1\n[[step]]\n[[step.cgroup]]\nname = \"a\"\ncpuset = { llc = 0, "
                    "numa = 0 }\n"),
            ".step[0].cgroup[0].cpuset: has too many keys");
  fs::remove(path);
}

// A key that holds more than one value says what, or the schema and the reference know nothing of
// it. Open on purpose: what plugins define.
void expect_forms(const std::string& path, std::span<const Form> forms, std::set<KeysOf>& seen);

void expect_forms_of_keys(const std::string& path, KeysOf keys, std::set<KeysOf>& seen) {
  const std::set<std::string> open = {".backend", ".run.scheduler_params", ".scheduler[].params"};
  if (keys == nullptr || !seen.insert(keys).second) {
    return;
  }
  for (const FieldInfo& info : keys()) {
    const std::string key = path + "." + std::string(info.key);
    const bool compound = info.kind == FieldKind::kTable || info.kind == FieldKind::kTableList ||
                          info.kind == FieldKind::kList || info.kind == FieldKind::kChoice;
    if (compound && info.landed == Landed::kYes && !open.contains(key)) {
      EXPECT_NE(info.forms, nullptr) << key << " does not say its forms";
    }
    const auto forms = forms_of(info);
    expect_forms(key, forms, seen);
  }
}

void expect_forms(const std::string& path, std::span<const Form> forms, std::set<KeysOf>& seen) {
  for (const Form& form : forms) {
    expect_forms_of_keys(path, form.keys, seen);
    if (form.items != nullptr) {
      expect_forms(path + "[]", form.items(), seen);
    }
    if (form.kinds != nullptr) {
      for (const KindInfo& kind : form.kinds()) {
        expect_forms_of_keys(path + "." + std::string(kind.kind), kind.keys, seen);
      }
    }
  }
}

TEST(Forms, every_compound_key_says_how_it_may_be_written) {
  std::set<KeysOf> seen;
  expect_forms("", scenario_forms(), seen);
  EXPECT_GT(seen.size(), 50U);
}

} // namespace
} // namespace schedrig::config
