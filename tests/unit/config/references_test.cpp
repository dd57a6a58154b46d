// SPDX-License-Identifier: MIT
// What is allowed: the golden files have what is not.
#include <string>

#include <gtest/gtest.h>

#include "tests/unit/config/load.hpp"

namespace schedrig::config {
namespace {

std::string errors_with(const std::string& text) {
  return errors_of(load(text, {}, true));
}

TEST(References, names_may_be_used_again_once_they_are_free) {
  EXPECT_EQ(errors_with(R"(schema = 1
backdrop = { cgroup = [ { name = "base" } ] }
[[step]]
cgroup = [ { name = "local" } ]
op = [ { kind = "remove_cgroup", cgroup = "base" }, { kind = "add_cgroup", name = "base" } ]
[[step]]
cgroup = [ { name = "local" } ]
op = [ { kind = "add_cgroup", name = "other" }, { kind = "remove_cgroup", cgroup = "other" },
       { kind = "add_cgroup", name = "other" }, { kind = "add_cgroup", name = "base" } ]
)"),
            "");
}

TEST(References, a_looping_step_has_its_setup_before_its_ops) {
  EXPECT_EQ(errors_with(R"(schema = 1
[[step]]
hold = { every = "100ms", for = "1s" }
cgroup = [ { name = "local" } ]
op = [ { kind = "freeze_cgroup", cgroup = "local" }, { kind = "unfreeze_cgroup", cgroup = "local" },
       { kind = "add_cgroup", name = "turn" }, { kind = "remove_cgroup", cgroup = "turn" } ]
)"),
            "");
}

TEST(References, a_loop_of_one_turn_may_make_a_cgroup) {
  EXPECT_EQ(errors_with(R"(schema = 1
[[step]]
hold = { every = "1s", for = "1s" }
op = [ { kind = "add_cgroup", name = "turn" } ]
)"),
            "");
}

TEST(References, a_missing_cgroup_may_be_removed_on_purpose) {
  EXPECT_EQ(errors_with(R"(schema = 1
[[step]]
op = [ { kind = "remove_cgroup", cgroup = "gone", missing_ok = true } ]
)"),
            "");
}

TEST(References, moves_are_refused_only_where_the_workers_would_outlive_their_cgroup) {
  const std::string head = R"(schema = 1
backdrop = { cgroup = [ { name = "b1" }, { name = "b2" } ] }
[[step]]
op = [ { kind = "add_cgroup", name = "s1" }, { kind = "add_cgroup", name = "s2" },
)";
  const auto move = [&](const std::string& from, const std::string& to) {
    return errors_with(head + "{ kind = \"move_all_tasks\", from = \"" + from + "\", to = \"" + to +
                       "\" } ]\n");
  };
  EXPECT_EQ(move("s1", "s2"), "");
  EXPECT_EQ(move("s1", "b1"), "");
  EXPECT_EQ(move("b1", "b2"), "");
  EXPECT_EQ(move("", "b1"), "");
  EXPECT_NE(move("b1", "s1").find("\"s1\" ends with this step, the workers of \"b1\" live longer"),
            std::string::npos);
}

TEST(References, an_error_in_a_declaration_is_not_blamed_on_its_users) {
  const LoadedConfig loaded = load(R"(schema = 1
[[backdrop.cgroup]]
nmae = "base"
[[step]]
op = [ { kind = "freeze_cgroup", cgroup = "base" } ]
)");
  ASSERT_EQ(loaded.diagnostics.size(), 1U) << errors_of(loaded);
  EXPECT_EQ(loaded.diagnostics[0].message, "unknown key \"nmae\" in a cgroup");
}

TEST(References, the_other_place_of_a_name_is_said_with_its_file_where_that_is_another) {
  const LoadedConfig loaded = load(R"(schema = 1
[[payload]]
name = "bench"
binary = "/bin/true"
[[payload]]
name = "other"
binary = "/bin/true"
[[step]]
)",
                                   {"payload[1].name=\"bench\""});
  ASSERT_EQ(loaded.diagnostics.size(), 1U) << errors_of(loaded);
  EXPECT_EQ(loaded.diagnostics[0].message,
            "payload \"bench\" exists: it is declared at test.toml, line 2");
}

} // namespace
} // namespace schedrig::config
