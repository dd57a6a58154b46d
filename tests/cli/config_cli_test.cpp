// SPDX-License-Identifier: MIT
// The verbs around a config: check, explain, schema, completions, and the layers of a config.
#include <algorithm>
#include <cstdlib>
#include <sstream>

#include "host/json/text.hpp"
#include "tests/cli/schedrig_command.hpp"

namespace schedrig {
namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

constexpr char kFarLlc[] = R"(schema = 1
[[backdrop.cgroup]]
name = "cell"
[[step]]
op = [
  { kind = "set_cpuset", cgroup = "cell", cpus = { llc = 9 } },
  { kind = "spawn", placement = { cgroup = "cell" }, work = { type = "spin", affinity = { exact = "7" } } },
]
)";

TEST(Check, finds_all_that_the_machine_lacks_and_run_refuses_the_same) {
  const ScenarioFile file(kFarLlc);
  for (const char* verb : {"check", "run"}) {
    const CommandResult result = schedrig({verb, file.path()});
    EXPECT_EQ(result.exit_code, 2) << verb;
    EXPECT_TRUE(contains(result.err, file.path() + ":6:50: error: op set_cpuset: llc = 9 does not"))
        << result.err;
    EXPECT_TRUE(contains(result.err, ":7:89:")) << result.err;
    EXPECT_TRUE(contains(result.err, "op spawn: CPU 7 does not exist")) << result.err;
    EXPECT_TRUE(result.out.empty()) << result.out;
  }
}

TEST(Check, leaves_out_the_layers_that_are_skipped) {
  const ScenarioFile file(std::string(kFarLlc) + "[run]\nbackend = \"mokc\"\n"
                                                 "[backend.mokc]\nspeed = 3\n");
  const CommandResult all = schedrig({"check", file.path()});
  EXPECT_TRUE(contains(all.err, "mokc")) << all.err;
  EXPECT_TRUE(contains(all.err, "llc = 9")) << all.err;
  const CommandResult no_references = schedrig({"check", "--skip", "references", file.path()});
  EXPECT_FALSE(contains(no_references.err, "llc = 9")) << no_references.err;
  EXPECT_EQ(no_references.exit_code, 2);
  const CommandResult no_plugins = schedrig({"check", "--skip", "plugins", file.path()});
  EXPECT_FALSE(contains(no_plugins.err, "mokc\"")) << no_plugins.err;
  const CommandResult fields =
      schedrig({"check", "--skip", "plugins", "--skip", "references", file.path()});
  EXPECT_EQ(fields.exit_code, 0) << fields.err;
  EXPECT_TRUE(contains(fields.out, "ok (fields; backend mokc")) << fields.out;
  EXPECT_EQ(schedrig({"check", "--skip", "fields", file.path()}).exit_code, 2);
}

TEST(Check, accepts_what_needs_another_host_when_the_host_is_skipped) {
  const CommandResult wrong = schedrig({"check", kSource + "/configs/quickstart.toml", "--set",
                                        "run.backend=\"kvm\"", "--set", "backend.kvm.speed=1"});
  EXPECT_TRUE(contains(wrong.err, "unknown key \"speed\" in [backend.kvm]")) << wrong.err;
  EXPECT_EQ(schedrig({"check", kSource + "/configs/quickstart.toml", "--set", "run.backend=\"kvm\"",
                      "--skip", "host"})
                .exit_code,
            0);
}

TEST(Check, says_which_programs_and_files_of_payloads_are_not_here) {
  const std::string backdrop = "[[backdrop.cgroup]]\nname = \"g\"\n"
                               "[[step]]\nname = \"s\"\nhold = \"1s\"\n";
  const ScenarioFile file("schema = 1\n[run]\nbackend = \"kvm\"\n"
                          "[[payload]]\nname = \"a\"\nbinary = \"./no_such_program\"\n"
                          "[[payload]]\nname = \"b\"\nbinary = \"no_such_program\"\n"
                          "[[payload]]\nname = \"c\"\nbinary = \"true\"\n"
                          "files = [\"no_such_file\"]\n" +
                          backdrop);
  const CommandResult result = schedrig({"check", file.path()});
  EXPECT_NE(result.exit_code, 0);
  EXPECT_TRUE(contains(result.err, "payload \"a\": there is no file")) << result.err;
  EXPECT_TRUE(contains(result.err, "\"no_such_program\" is in no directory of PATH")) << result.err;
  EXPECT_TRUE(contains(result.err, "payload \"c\": there is no file")) << result.err;
}

TEST(Layers, an_overlay_and_a_base_reach_the_run) {
  const ScenarioFile base(kSpin, "base");
  const ScenarioFile over("schema = 1\n[run]\nseed = 77\n", "over");
  const ScenarioFile main("schema = 1\nextends = [\"" + fs::path(base.path()).filename().string() +
                          "\"]\n");
  const CommandResult plain = schedrig({"run", main.path()});
  EXPECT_EQ(plain.exit_code, 0) << plain.err;
  EXPECT_TRUE(contains(plain.err, "seed=1 ")) << plain.err;
  const CommandResult overlaid = schedrig({"run", main.path(), "--overlay", over.path()});
  EXPECT_EQ(overlaid.exit_code, 0) << overlaid.err;
  EXPECT_TRUE(contains(overlaid.err, "seed=77 ")) << overlaid.err;
  EXPECT_EQ(schedrig({"run", main.path(), "--overlay", "/nowhere.toml"}).exit_code, 2);
}

TEST(Explain, says_the_value_and_where_it_came_from) {
  const ScenarioFile file(kSpin);
  const CommandResult all = schedrig({"explain", "--config", file.path(), "--seed", "9"});
  EXPECT_EQ(all.exit_code, 0) << all.err;
  EXPECT_TRUE(contains(all.out, "# --set run.seed=9")) << all.out;
  EXPECT_TRUE(contains(all.out, "run.duration = \"1s\"")) << all.out;
  EXPECT_TRUE(contains(all.out, "# " + file.path() + ":3\n")) << all.out;
  const CommandResult one = schedrig({"explain", "run.deadline", "--config", file.path()});
  EXPECT_TRUE(contains(one.out, "value: a duration, \"1ns\" to \"48h\"")) << one.out;
  const CommandResult step = schedrig({"explain", "step.cgroup", "--config", file.path()});
  EXPECT_TRUE(contains(step.out, "step[0].cgroup[0].work[0].workers = 2")) << step.out;
  EXPECT_FALSE(contains(step.out, "run.duration")) << step.out;
}

TEST(Explain, knows_the_format_and_the_plugins_without_a_config) {
  const CommandResult section = schedrig({"explain", "backend.kvm"});
  EXPECT_EQ(section.exit_code, 0) << section.err;
  EXPECT_NE(section.out.find("cpu_vendor"), std::string::npos) << section.out;
  const CommandResult seed = schedrig({"explain", "run.seed"});
  EXPECT_TRUE(contains(seed.out, "  default: 1\n")) << seed.out;
  const CommandResult op = schedrig({"explain", "step.op.freeze_cgroup"});
  EXPECT_TRUE(contains(op.out, "wait")) << op.out;
  const CommandResult plugin = schedrig({"explain", "backend.kvm.agent_timeout"});
  EXPECT_TRUE(contains(plugin.out, "  default: 30s\n")) << plugin.out << plugin.err;
  const CommandResult typo = schedrig({"explain", "run.sed"});
  EXPECT_EQ(typo.exit_code, 2);
  EXPECT_TRUE(contains(typo.err, "did you mean \"seed\"?")) << typo.err;
}

TEST(OpsJson, has_parameters_and_what_each_backend_can_do) {
  const auto document = json::parse(schedrig({"ops", "--json"}).out, "ops");
  ASSERT_TRUE(document) << document.error().message;
  const json::Array& ops = *document->find("ops")->as_array();
  ASSERT_EQ(ops.size(), 30U);
  const auto op = [&](std::string_view name) -> const json::Value& {
    return *std::ranges::find_if(
        ops, [&](const json::Value& one) { return *one.find("name")->as_string() == name; });
  };
  const json::Array& keys = *op("freeze_cgroup").find("parameters")->as_array();
  ASSERT_EQ(keys.size(), 2U);
  EXPECT_EQ(*keys[1].find("key")->as_string(), "wait");
  EXPECT_EQ(*keys[1].find("default")->as_string(), "2s");
  const auto able = [&](std::string_view name, std::string_view backend) {
    const json::Array& backends = *op(name).find("backends")->as_array();
    return *std::ranges::find_if(backends,
                                 [&](const json::Value& one) {
                                   return *one.find("backend")->as_string() == backend;
                                 })
                ->find("able")
                ->as_bool();
  };
  EXPECT_TRUE(able("freeze_cgroup", "mock"));
  EXPECT_TRUE(able("read_kernel_cold", "mock"));
  EXPECT_TRUE(able("pin_bpf_map", "mock"));
}

TEST(SchemaVerb, prints_the_committed_schema) {
  std::ostringstream kept;
  kept << std::ifstream(kSource + "/schema/schedrig.schema.json").rdbuf();
  EXPECT_EQ(schedrig({"schema"}).out, kept.str());
}

// What bash would offer behind these words.
std::string offered(const std::string& words, int index) {
  const ScenarioFile script(schedrig({"completions", "bash"}).out, "completion");
  const CommandResult result =
      test::run_command({"/bin/bash", "-c",
                         "source " + script.path() + "; COMP_WORDS=(" + words + "); COMP_CWORD=" +
                             std::to_string(index) + "; _schedrig; echo \"${COMPREPLY[@]}\""});
  EXPECT_EQ(result.err, "");
  return result.out;
}

TEST(Completions, bash_offers_what_may_follow) {
  EXPECT_EQ(offered("schedrig ru", 1), "run\n");
  EXPECT_EQ(offered("schedrig -v lab r", 3), "run\n");
  EXPECT_EQ(offered("schedrig run --dry", 2), "--dry-run\n");
  EXPECT_EQ(offered("schedrig check x.toml --col", 3), "--color\n");
  EXPECT_EQ(offered("schedrig check --dry", 2), "\n");
}

TEST(Completions, every_shell_knows_every_command) {
  for (const char* shell : {"zsh", "fish"}) {
    const CommandResult script = schedrig({"completions", shell});
    for (const char* part : {"'schedrig run'", "'schedrig lab exec'", "'schedrig plugins check'"}) {
      EXPECT_TRUE(contains(script.out, part)) << shell << " " << part;
    }
    EXPECT_TRUE(contains(script.out, "until-fail")) << shell;
  }
  EXPECT_EQ(schedrig({"completions", "tcsh"}).exit_code, 2);
}

} // namespace
} // namespace schedrig
