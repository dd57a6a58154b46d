// SPDX-License-Identifier: MIT
#include "host/cli/plugin_template.hpp"

#include <array>
#include <cerrno>
#include <fstream>
#include <system_error>
#include <utility>

#include <sys/stat.h>

namespace schedrig::cli {
namespace {

namespace fs = std::filesystem;

std::string filled_in(std::string_view text, const TemplateValues& values) {
  const std::array<std::pair<std::string_view, std::string_view>, 3> placeholders = {
      {{"{{name}}", values.name},
       {"{{prefix}}", values.prefix},
       {"{{schedrig}}", values.schedrig}}};
  std::string result(text);
  for (const auto& [placeholder, value] : placeholders) {
    for (std::size_t at = 0; (at = result.find(placeholder, at)) != std::string::npos;
         at += value.size()) {
      result.replace(at, placeholder.size(), value);
    }
  }
  return result;
}

std::string file_name(std::string_view name, const TemplateValues& values) {
  constexpr std::string_view kPlugin = "plugin.";
  return name.starts_with(kPlugin) ? values.name + "." + std::string(name.substr(kPlugin.size()))
                                   : std::string(name);
}

Result<> write_files(std::span<const TemplateFile> files, const TemplateValues& values,
                     const fs::path& folder) {
  for (const TemplateFile& file : files) {
    const fs::path path = folder / file_name(file.name, values);
    std::ofstream stream(path, std::ios::binary);
    stream << filled_in(file.text, values);
    stream.close();
    if (!stream) {
      return fail_errno(errno, "write " + path.string());
    }
  }
  return {};
}

} // namespace

Result<> write_template(std::span<const TemplateFile> files, const TemplateValues& values,
                        const fs::path& folder) {
  // Whether it is there is asked by making it: nothing of anybody else's is ever written into.
  if (mkdir(folder.c_str(), 0777) != 0) {
    if (errno == EEXIST) {
      return fail(StatusCode::kAlreadyExists, folder.string() + " is there already",
                  "choose another name, or another folder with --dir");
    }
    return fail_errno(errno, "make the folder " + folder.string(),
                      "give a folder that can be made with --dir");
  }
  Result<> written = write_files(files, values, folder);
  if (!written) {
    std::error_code ignored;
    fs::remove_all(folder, ignored);
  }
  return written;
}

} // namespace schedrig::cli
