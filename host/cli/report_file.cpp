// SPDX-License-Identifier: MIT
#include "host/cli/report_file.hpp"

#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <system_error>

#include <unistd.h>

#include "host/cli/output_file.hpp"
#include "host/file/whole_file.hpp"

namespace schedrig::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t kMode = 0666; // less what the umask takes
constexpr char kHelp[] = "give a file in a directory that exists and can be written";

// Where the links of `path` lead to.
fs::path target_of(const std::string& path) {
  std::error_code error;
  const fs::path target = fs::weakly_canonical(path, error);
  return error ? fs::path(path) : target;
}

Result<> write_text(const fs::path& path, const std::string& text) {
  const std::string what = "write the report to " + path.string();
  auto file = open_output(path.string());
  if (!file) {
    return std::unexpected(std::move(file).error().context(what));
  }
  return write_output(file->get(), text, what, kHelp);
}

} // namespace

Result<> check_report_file(std::string_view option, const std::string& path) {
  const std::string what = std::string(option) + " " + path;
  std::error_code error;
  const fs::path target = target_of(path);
  if (fs::is_directory(target, error)) {
    return fail(StatusCode::kInvalidArgument, what + " is a directory", kHelp);
  }
  const fs::path writable = fs::exists(target, error) ? target : target.parent_path();
  if (access(writable.empty() ? "." : writable.c_str(), W_OK) != 0) {
    return fail_errno(errno, what + " cannot be written: " + writable.string(), kHelp);
  }
  return {};
}

Result<> write_report_file(const std::string& path, const std::string& text) {
  std::error_code error;
  const fs::path target = target_of(path);
  if (fs::exists(target, error) && !fs::is_regular_file(target, error)) {
    return write_text(target, text);
  }
  auto written = write_whole_file(target, text, kMode);
  if (!written) {
    return std::unexpected(
        std::move(written).error().context("write the report to " + target.string()));
  }
  return {};
}

} // namespace schedrig::cli
