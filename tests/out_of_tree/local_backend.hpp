// SPDX-License-Identifier: MIT
// The example backend `local`, as set_up.cmake has built it.
#pragma once

#include "tests/out_of_tree/installation.hpp"

namespace schedrig {

inline const std::string kLocalDir = (kScratch / "local").string();

// A config for it; `more` is TOML behind the machine.
inline std::string local_config(const fs::path& folder, const std::string& more,
                                const std::string& topology = "host") {
  const fs::path path = folder / "local.toml";
  std::ofstream(path) << "schema = 1\n[run]\nbackend = \"local\"\n[machine]\ntopology = \""
                      << topology << "\"\n"
                      << more;
  return path.string();
}

// Needs a cgroup v2 directory to write in, which a container may not have: then a run says so.
class LocalBackend : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = own_folder();
    const CommandResult probe = run("[[step]]\nname = \"nothing\"\n");
    if (probe.exit_code == 5 && probe.out.find("cgroup") != std::string::npos) {
      GTEST_SKIP() << probe.out;
    }
    ASSERT_EQ(probe.exit_code, 0) << probe.out;
  }
  [[nodiscard]] CommandResult run(const std::string& more,
                                  const std::string& topology = "host") const {
    return installed_schedrig(
        {"run", local_config(folder_, more, topology), "--plugin-dir", kLocalDir});
  }
  [[nodiscard]] static CommandResult conform(const std::string& plugin_dir,
                                             const std::string& filter = "*") {
    return installed("schedrig-conform", {"--backend=local", "--plugin-dir=" + plugin_dir,
                                          "--topology=host", "--gtest_filter=" + filter});
  }

  fs::path folder_;
};

} // namespace schedrig
