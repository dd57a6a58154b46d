// SPDX-License-Identifier: MIT
// Files for the loader's tests: a directory that goes away with the test, and the tiny plugins.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include <schedrig/result.hpp>

namespace schedrig::loader {

class TempDir {
 public:
  TempDir() {
    std::string pattern = std::filesystem::temp_directory_path() / "schedrig-loader-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) {
      std::abort();
    }
    path_ = pattern;
  }
  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::filesystem::path operator/(std::string_view name) const {
    return path_ / name;
  }

 private:
  std::filesystem::path path_;
};

// The tiny plugin NAME.so as it was built.
inline std::filesystem::path test_plugin(std::string_view name) {
  return std::filesystem::path(SCHEDRIG_TEST_PLUGINS) / (std::string(name) + ".so");
}

// The words of an error that must be there.
inline std::string message_of(const std::optional<Error>& error) {
  EXPECT_TRUE(error);
  return error ? error->message : std::string();
}
inline std::string help_of(const std::optional<Error>& error) {
  EXPECT_TRUE(error);
  return error ? error->help : std::string();
}

inline std::string read_file(const std::filesystem::path& path) {
  std::string bytes(std::filesystem::file_size(path), '\0');
  std::ifstream in(path, std::ios::binary);
  in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  EXPECT_TRUE(in.good()) << path;
  return bytes;
}

inline void write_file(const std::filesystem::path& path, std::string_view bytes) {
  std::ofstream out(path, std::ios::binary);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  ASSERT_TRUE(out.good()) << path;
}

} // namespace schedrig::loader
