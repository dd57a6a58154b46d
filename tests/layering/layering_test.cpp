// SPDX-License-Identifier: MIT
// The tree keeps its include rules, and the check notices when one is broken.
#include <cstdlib>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/layering/layers.hpp"

namespace schedrig::layering {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

namespace fs = std::filesystem;

// A tree of empty headers, one for each place that an include can lead to, and files added by the
// test.
class Tree : public testing::Test {
 public:
  Tree() {
    std::string pattern = fs::temp_directory_path() / "schedrig-layering-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) {
      std::abort();
    }
    root_ = pattern;
    for (const char* path :
         {"sdk/include/schedrig/ops.hpp", "host/text/text.hpp", "plugins/kvm/vmm/vm.hpp",
          "plugins/schedulers/fifo/fifo.hpp", "plugins/schedulers/eevdf/eevdf.hpp"}) {
      add(path, "");
    }
  }
  ~Tree() override {
    std::error_code ignored;
    fs::remove_all(root_, ignored);
  }

  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;

 protected:
  void add(const fs::path& path, std::string_view text) const {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }

  // The breaches of the tree with one file more.
  [[nodiscard]] std::vector<std::string> breaches_of(const fs::path& path,
                                                     std::string_view text) const {
    add(path, text);
    return check_tree(root_).breaches;
  }

  fs::path root_;
};

TEST(Includes, both_forms_are_found_with_their_lines) {
  const std::vector<Include> includes =
      includes_of("// x\n#include <vector>\n  #  include \"a/b.hpp\" // y\nint include;\n"
                  "#include MACRO\n#define include\n#include <cut");
  ASSERT_EQ(includes.size(), 3U);
  EXPECT_EQ(includes[0].line, 2U);
  EXPECT_FALSE(includes[0].quoted);
  EXPECT_EQ(includes[0].name, "vector");
  EXPECT_EQ(includes[1].line, 3U);
  EXPECT_TRUE(includes[1].quoted);
  EXPECT_EQ(includes[1].name, "a/b.hpp");
  EXPECT_EQ(includes[2].name, "cut");
}

TEST_F(Tree, what_is_allowed_gives_no_breach) {
  add("sdk/src/ops.cpp", "#include <vector>\n#include <schedrig/ops.hpp>\n");
  add("host/cli/run.cpp", "#include \"host/text/text.hpp\"\n#include \"text/text.hpp\"\n"
                          "#include <schedrig/ops.hpp>\n#include <CLI/CLI.hpp>\n");
  add("plugins/kvm/backend/p.cpp", "#include \"../vmm/vm.hpp\"\n#include \"vmm/vm.hpp\"\n"
                                   "#include <linux/kvm.h>\n#include <unistd.h>\n");
  add("tests/unit/x.cpp", "#include \"host/text/text.hpp\"\n#include \"vmm/vm.hpp\"\n"
                          "#include <gtest/gtest.h>\n");
  EXPECT_THAT(check_tree(root_).breaches, IsEmpty());
  EXPECT_EQ(check_tree(root_).files, 9U);
}

TEST_F(Tree, a_plugin_that_includes_host_is_found) {
  EXPECT_THAT(breaches_of("plugins/kvm/vmm/x.cpp", "\n#include \"host/text/text.hpp\"\n"),
              ElementsAre("plugins/kvm/vmm/x.cpp:2: host/text/text.hpp plugins/kvm/ must not "
                          "include host/"));
}

TEST_F(Tree, a_plugin_that_includes_another_plugin_is_found) {
  EXPECT_THAT(breaches_of("plugins/schedulers/fifo/x.cpp", "#include \"../eevdf/eevdf.hpp\"\n"),
              ElementsAre("plugins/schedulers/fifo/x.cpp:1: ../eevdf/eevdf.hpp "
                          "plugins/schedulers/fifo/ must not include plugins/schedulers/eevdf/"));
}

TEST_F(Tree, an_example_that_includes_more_than_the_sdk_is_found) {
  EXPECT_THAT(breaches_of("examples/mine/x.cpp", "#include <schedrig/ops.hpp>\n"
                                                 "#include \"host/text/text.hpp\"\n"),
              ElementsAre("examples/mine/x.cpp:2: host/text/text.hpp examples/mine/ must not "
                          "include host/"));
}

TEST_F(Tree, a_host_that_includes_a_plugin_is_found) {
  EXPECT_THAT(breaches_of("host/engine/x.hpp", "#include \"plugins/kvm/vmm/vm.hpp\"\n"),
              ElementsAre("host/engine/x.hpp:1: plugins/kvm/vmm/vm.hpp host/ must not include "
                          "plugins/kvm/"));
}

TEST_F(Tree, an_sdk_that_includes_host_or_a_library_is_found) {
  EXPECT_THAT(breaches_of("sdk/include/schedrig/x.hpp",
                          "#include \"host/text/text.hpp\"\n#include <boost/any.hpp>\n"),
              ElementsAre("sdk/include/schedrig/x.hpp:1: host/text/text.hpp sdk/ must not include "
                          "host/",
                          "sdk/include/schedrig/x.hpp:2: boost/any.hpp is for "
                          "host/loader/library.cpp only"));
}

TEST_F(Tree, a_library_outside_of_its_module_is_found) {
  EXPECT_THAT(breaches_of("host/engine/x.cpp", "#include <spdlog/spdlog.h>\n"),
              ElementsAre("host/engine/x.cpp:1: spdlog/spdlog.h is for host/log/ only"));
}

TEST_F(Tree, a_library_that_the_table_lacks_is_found) {
  EXPECT_THAT(breaches_of("host/engine/x.cpp", "#include <absl/base.h>\n#include <curl.h>\n"),
              testing::SizeIs(2));
}

TEST_F(Tree, an_include_of_nothing_is_found) {
  EXPECT_THAT(breaches_of("host/engine/x.cpp", "#include \"gone.hpp\"\n"),
              ElementsAre("host/engine/x.cpp:1: gone.hpp names no file of the tree"));
}

TEST(Layering, this_tree_keeps_its_rules) {
  const Findings findings = check_tree(SCHEDRIG_SOURCE_DIR);
  EXPECT_GT(findings.files, 100U); // else it looked in the wrong place
  EXPECT_THAT(findings.breaches, IsEmpty());
}

} // namespace
} // namespace schedrig::layering
