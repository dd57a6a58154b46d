// SPDX-License-Identifier: MIT
// The table of docs/reference/ops.md names every op of this release with each of its keys.
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include <schedrig/ops.hpp>

#include "host/config/decode_ops.hpp"

namespace schedrig::config {
namespace {

using Keys = std::set<std::string>;

// What stands between backquotes.
Keys quoted_words(std::string_view cell) {
  Keys words;
  for (std::size_t at = cell.find('`'); at != std::string_view::npos; at = cell.find('`', at + 1)) {
    const std::size_t end = cell.find('`', at + 1);
    if (end == std::string_view::npos) {
      break;
    }
    words.emplace(cell.substr(at + 1, end - at - 1));
    at = end;
  }
  return words;
}

// Rows of the table "| op | parameters | meaning |".
std::map<std::string, Keys> documented_ops() {
  std::ifstream file(SCHEDRIG_SOURCE_DIR "/docs/reference/ops.md");
  std::map<std::string, Keys> ops;
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    if (line == "| op | parameters | meaning |") {
      inside = true;
    } else if (inside && !line.starts_with("|")) {
      break;
    } else if (inside && line.starts_with("| `")) {
      const std::size_t second = line.find('|', 1);
      const std::string_view row = line;
      const Keys name = quoted_words(row.substr(0, second));
      ops[*name.begin()] = quoted_words(row.substr(second, row.find('|', second + 1) - second));
    }
  }
  return ops;
}

TEST(OpsTable, names_every_op_that_has_landed_with_its_keys) {
  std::map<std::string, Keys> landed;
  for (std::size_t i = 0; i < op_infos().size(); ++i) {
    const OpInfo& info = op_infos()[i];
    if (info.landed) {
      Keys& keys = landed[std::string(info.name)];
      for (const FieldInfo& field : op_entry(i).keys()) {
        if (field.landed == Landed::kYes) {
          keys.emplace(field.key);
        }
      }
    }
  }
  ASSERT_GE(landed.size(), 20U);
  EXPECT_EQ(documented_ops(), landed);
}

} // namespace
} // namespace schedrig::config
