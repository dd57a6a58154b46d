// SPDX-License-Identifier: MIT
// [[workload]]: where the file is looked for, what it adds to the backdrop, where its errors stand.
#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/unit/config/load.hpp"

namespace schedrig::config {
namespace {

namespace fs = std::filesystem;

class Workloads : public testing::Test {
 protected:
  Workloads() { fs::create_directories(folder_ / "sub"); }
  ~Workloads() override {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
  }
  [[nodiscard]] LoadedConfig load_main(const std::string& text) const {
    write("main.toml", kMinimal + text);
    return load_file((folder_ / "main.toml").string());
  }
  // With the folder's name taken out.
  [[nodiscard]] std::string errors(const std::string& text) const {
    std::string all = errors_of(load_main(text));
    const std::string prefix = folder_.string() + "/";
    for (auto at = all.find(prefix); at != std::string::npos; at = all.find(prefix)) {
      all.erase(at, prefix.size());
    }
    return all;
  }

  fs::path folder_ = fs::path(testing::TempDir()) / ("workloads-" + std::to_string(getpid()));
};

constexpr char kOneTask[] = "{ \"tasks\" : { \"t\" : {\n \"lock\" : \"m\", \"run\" : 5,"
                            " \"unlock\" : \"m\" } } }";

TEST_F(Workloads, each_task_is_a_spawn_behind_the_ops_of_the_backdrop) {
  write("tasks.json", R"({ "tasks" : { "a" : { "instance" : 3, "run" : 5 },
    "b" : { "priority" : 4, "sleep" : 5 } } })");
  const LoadedConfig loaded = load_main("[[workload]]\nimport = \"tasks.json\"\ncgroup = \"base\"\n"
                                        "[[backdrop.cgroup]]\nname = \"base\"\n"
                                        "[[backdrop.op]]\nkind = \"detach_scheduler\"\n");
  ASSERT_EQ(errors_of(loaded), "");
  const auto& ops = loaded.scenario.backdrop.ops;
  ASSERT_EQ(ops.size(), 3U);
  const auto* a = std::get_if<Spawn>(&ops[1].body);
  const auto* b = std::get_if<Spawn>(&ops[2].body);
  ASSERT_TRUE(a != nullptr && b != nullptr);
  EXPECT_EQ(a->cgroup, "base");
  EXPECT_EQ(a->work.type, WorkType::kSequence);
  EXPECT_EQ(a->work.workers, 3U);
  EXPECT_EQ(b->work.nice, 4);
  EXPECT_EQ(b->work.pos.line, 2U);
  EXPECT_EQ(loaded.scenario.files.at(b->work.pos.file), (folder_ / "tasks.json").string());
  EXPECT_EQ(ops[1].pos.line, 4U) << "an op stands where the workload does";
}

TEST_F(Workloads, a_file_is_looked_for_beside_the_one_that_names_it) {
  write("sub/base.toml", "schema = 1\n[[workload]]\nimport = \"tasks.json\"\n");
  write("sub/tasks.json", kOneTask);
  write("main.toml", "schema = 1\nextends = [\"sub/base.toml\"]\n[[step]]\nhold = \"1s\"\n");
  const LoadedConfig loaded = load_file((folder_ / "main.toml").string());
  EXPECT_EQ(errors_of(loaded), "");
  EXPECT_EQ(loaded.scenario.backdrop.ops.size(), 1U);
}

TEST_F(Workloads, two_workloads_share_no_mutex) {
  write("tasks.json", kOneTask);
  const LoadedConfig loaded =
      load_main("[[workload]]\nimport = \"tasks.json\"\n[[workload]]\nimport = \"tasks.json\"\n");
  ASSERT_EQ(errors_of(loaded), "");
  const auto& ops = loaded.scenario.backdrop.ops;
  ASSERT_EQ(ops.size(), 2U);
  EXPECT_EQ(std::get<Spawn>(ops[0].body).work.phases[0].number, 0U);
  EXPECT_EQ(std::get<Spawn>(ops[1].body).work.phases[0].number, 1U);
}

TEST_F(Workloads, errors_are_shown_in_the_file_that_has_them) {
  write("tasks.json", "{ \"tasks\" : { \"t\" : {\n  \"mem\" : 5\n} } }");
  EXPECT_EQ(errors("[[workload]]\nimport = \"tasks.json\"\ncgroup = \"nowhere\"\n"),
            "main.toml:6:10: error: there is no cgroup \"nowhere\" at this point\n"
            "    6 | cgroup = \"nowhere\"\n"
            "      |          ^\n"
            "help: declare it in the [backdrop], or make it with add_cgroup before\n"
            "tasks.json:2:3: error: unsupported event \"mem\"\n"
            "    2 |   \"mem\" : 5\n"
            "      |   ^\n"
            "help: run is the same time without memory and files\n");
  write("tasks.json", "{ \"tasks\" : { \"t\" : {\n  \"suspend\",\n  \"run\" : 5\n} } }");
  EXPECT_TRUE(errors("[[workload]]\nimport = \"tasks.json\"\n")
                  .starts_with("tasks.json:2:12: error: syntax error"));
}

TEST_F(Workloads, a_file_that_cannot_be_read_is_an_error_where_it_is_named) {
  EXPECT_TRUE(errors("[[workload]]\nimport = \"missing.json\"\n")
                  .starts_with("main.toml:5:10: error: import \"missing.json\", that is "));
  EXPECT_TRUE(errors("[[workload]]\nimport = \"sub\"\n").find("not a regular file") !=
              std::string::npos);
}

} // namespace
} // namespace schedrig::config
