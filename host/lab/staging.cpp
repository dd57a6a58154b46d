// SPDX-License-Identifier: MIT
// Implementation of staging: walk, trim, ask ld.so for the closure.
#include "host/lab/staging.hpp"

#include <algorithm>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>

#include <sys/stat.h>

#include "host/kernel/bytes.hpp"
#include "host/lab/elf_trim.hpp"
#include "host/process/child_process.hpp"

namespace schedrig::lab {
namespace {

namespace fs = std::filesystem;

// The x86-64 ABI's dynamic linker, for shared objects, which name none.
constexpr const char* kDynamicLinker = "/lib64/ld-linux-x86-64.so.2";

Result<std::string> read_text(const fs::path& path) {
  const kernel::Bytes bytes = TRY(kernel::read_file(path, kernel::kMaxImageBytes));
  return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

std::uint32_t mode_of(const fs::path& path) {
  struct stat info{};
  return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 0777U : 0644U;
}

// Every library that ld.so would map, by `ld.so --list` (ld.so(8)), which runs nothing of it.
Result<> stage_libraries(CpioWriter& archive, const fs::path& path, const std::string& linker) {
  auto listed = run_child({.argv = {linker, "--list", path.string()},
                           .env = {},
                           .working_dir = {},
                           .deadline = std::chrono::seconds(20)});
  if (!listed) {
    return std::unexpected(std::move(listed).error().context("libraries of " + path.string()));
  }
  std::istringstream lines(listed->out);
  for (std::string line; std::getline(lines, line);) {
    // "\tNAME => /PATH (0xADDRESS)", or "\tNAME => not found"
    const std::size_t arrow = line.find(" => ");
    if (arrow == std::string::npos) {
      continue;
    }
    const std::string target = line.substr(arrow + 4, line.rfind(" (") - arrow - 4);
    if (!target.starts_with('/')) {
      return fail(StatusCode::kNotFound, path.string() + " needs a library that is not here: " +
                                             line.substr(1, arrow - 1));
    }
    if (!archive.has(target)) {
      archive.add_file(target, trim_elf(TRY(read_text(target))), 0755);
    }
  }
  if (listed->exit_code != 0) {
    return fail(StatusCode::kNotFound, "cannot list the libraries of " + path.string() + ": " +
                                           last_lines(listed->err + listed->out, 2));
  }
  return {};
}

// "/bin/sh" of a script that begins with "#! /bin/sh -e"; empty if it is none.
std::string script_interpreter(std::string_view content) {
  if (!content.starts_with("#!")) {
    return {};
  }
  std::string_view line = content.substr(2, content.find('\n') - 2);
  line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  return std::string(line.substr(0, line.find_first_of(" \t\r")));
}

Result<> stage_file(CpioWriter& archive, const fs::path& path) {
  if (archive.has(path.string())) {
    return {};
  }
  const std::string content = TRY(read_text(path));
  if (!is_elf(content)) {
    archive.add_file(path.string(), content, mode_of(path));
    const std::string program = script_interpreter(content);
    std::error_code error;
    return fs::is_regular_file(program, error) ? stage_file(archive, program) : Result<>();
  }
  archive.add_file(path.string(), trim_elf(content), mode_of(path));
  if (!is_dynamic(content)) {
    return {};
  }
  const std::string wanted = interpreter(content);
  const std::string linker = wanted.empty() ? kDynamicLinker : wanted;
  if (!archive.has(linker)) {
    archive.add_file(linker, trim_elf(TRY(read_text(linker))), 0755);
  }
  return stage_libraries(archive, path, linker);
}

} // namespace

Result<> stage(CpioWriter& archive, const fs::path& path) {
  std::error_code error;
  const fs::path absolute = fs::absolute(path, error).lexically_normal();
  if (!fs::is_directory(absolute, error)) {
    return stage_file(archive, absolute);
  }
  archive.add_directory(absolute.string());
  for (fs::recursive_directory_iterator at(absolute, error), end; !error && at != end;
       at.increment(error)) {
    if (at->is_directory(error)) {
      archive.add_directory(at->path().string());
    } else if (at->is_regular_file(error)) {
      TRY(stage_file(archive, at->path()));
    }
  }
  if (error) {
    return fail_errno(error.value(), "cannot list " + absolute.string());
  }
  return {};
}

Result<> stage_as(CpioWriter& archive, const fs::path& path, const std::string& name) {
  const std::string content = TRY(read_text(path));
  archive.add_file(name, content, mode_of(path));
  return {};
}

} // namespace schedrig::lab
