// SPDX-License-Identifier: MIT
// The folder that `schedrig new` makes: templates with their placeholders filled in.
// Thread: host.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include <schedrig/result.hpp>

namespace schedrig::cli {

struct TemplateFile {
  std::string_view name; // "plugin.*" becomes "NAME.*"
  std::string_view text; // with {{name}}, {{prefix}}, {{schedrig}}
};

// The files of host/cli/templates/scheduler.
[[nodiscard]] std::span<const TemplateFile> scheduler_template();

struct TemplateValues {
  std::string name;     // a plugin id
  std::string prefix;   // where find_package finds the SDK, quoted for a shell
  std::string schedrig; // the executable, quoted for a shell
};

// Makes `folder`, which must not exist yet, with every file; on an error nothing is left.
// Errors: kAlreadyExists; kOs with the path that cannot be made.
Result<> write_template(std::span<const TemplateFile> files, const TemplateValues& values,
                        const std::filesystem::path& folder);

} // namespace schedrig::cli
