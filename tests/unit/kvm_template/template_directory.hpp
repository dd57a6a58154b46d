// SPDX-License-Identifier: MIT
// A directory of a test's own, gone with everything in it at the end.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

namespace schedrig::kvm::test {

class TemplateDirectory {
 public:
  TemplateDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "schedrig-template-XXXXXX");
    path_ = ::mkdtemp(name.data()) == nullptr ? "" : name;
  }
  ~TemplateDirectory() {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }
  TemplateDirectory(const TemplateDirectory&) = delete;
  TemplateDirectory& operator=(const TemplateDirectory&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

} // namespace schedrig::kvm::test
