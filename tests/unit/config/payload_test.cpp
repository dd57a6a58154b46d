// SPDX-License-Identifier: MIT
// [[payload]] and the ops on payloads: what is allowed. The golden files have what is not.
#include <string>

#include <gtest/gtest.h>

#include "tests/unit/config/load.hpp"

namespace schedrig::config {
namespace {

TEST(Payload, has_defaults_for_all_but_name_and_binary) {
  const LoadedConfig loaded =
      load(kMinimal + "[[payload]]\nname = \"bench-1.2\"\nbinary = \"/usr/bin/schbench\"\n");
  ASSERT_EQ(errors_of(loaded), "");
  const PayloadDef& def = loaded.scenario.payloads.at(0);
  EXPECT_EQ(def.name, "bench-1.2");
  EXPECT_EQ(def.binary, "/usr/bin/schbench");
  EXPECT_TRUE(def.default_args.empty());
  EXPECT_TRUE(def.files.empty());
  EXPECT_EQ(def.output, PayloadOutput::kExitCode);
  EXPECT_FALSE(def.gate);
  EXPECT_TRUE(def.checks.empty());
}

TEST(Payload, checks_take_a_value_a_range_a_bound_or_existence) {
  const LoadedConfig loaded = load(kMinimal + R"([[payload]]
name = "bench"
binary = "bench"
output = "json"
checks = [ { metric = "a", equals = -1 }, { metric = "a", min = 0.5 }, { metric = "a", max = 3 },
           { metric = "a", min = 1, max = 1 }, { metric = "a", exists = true } ]
)");
  ASSERT_EQ(errors_of(loaded), "");
  const auto& checks = loaded.scenario.payloads.at(0).checks;
  ASSERT_EQ(checks.size(), 5U);
  EXPECT_EQ(checks[0].equals, -1.0);
  EXPECT_EQ(checks[1].minimum, 0.5);
  EXPECT_EQ(checks[2].maximum, 3.0);
  EXPECT_EQ(checks[3].minimum, checks[3].maximum);
  EXPECT_TRUE(checks[4].exists);
}

TEST(Payload, may_be_awaited_where_something_has_started_it) {
  const std::string payload = "[[payload]]\nname = \"p\"\nbinary = \"p\"\n";
  for (const std::string_view text : {
           // by an op of the backdrop, for all steps
           "[[backdrop.op]]\nkind = \"run_payload\"\npayload = \"p\"\n"
           "[[step]]\nop = [ { kind = \"wait_payload\", name = \"p\" } ]\n"
           "[[step]]\nop = [ { kind = \"kill_payload\", name = \"p\" } ]\n",
           // by a definition of the backdrop
           "[[backdrop.cgroup]]\nname = \"a\"\npayload = \"p\"\n"
           "[[step]]\nop = [ { kind = \"wait_payload\", name = \"p\", cgroup = \"a\" } ]\n",
           // by a definition of an op before
           "[[step]]\nop = [ { kind = \"add_cgroup_def\", def = { name = \"a\", payload = \"p\" } "
           "}, "
           "{ kind = \"wait_payload\", name = \"p\" } ]\n",
           // by the setup of a looping step, which runs before its ops
           "[[step]]\nhold = { every = \"100ms\", for = \"1s\" }\n"
           "cgroup = [ { name = \"a\", payload = \"p\" } ]\n"
           "op = [ { kind = \"kill_payload\", name = \"p\" }, "
           "{ kind = \"run_payload\", payload = \"p\" } ]\n",
       }) {
    EXPECT_EQ(errors_of(load("schema = 1\n" + payload + std::string(text))), "") << text;
  }
}

TEST(Payload, nothing_is_undeclared_when_a_declaration_was_lost_to_an_error) {
  const std::string errors = errors_of(load(R"(schema = 1
[[payload]]
name = "p"
[[step]]
op = [ { kind = "run_payload", payload = "p" } ]
)"));
  EXPECT_NE(errors.find("\"binary\""), std::string::npos) << errors;
  EXPECT_EQ(errors.find("no payload"), std::string::npos) << errors;
}

} // namespace
} // namespace schedrig::config
