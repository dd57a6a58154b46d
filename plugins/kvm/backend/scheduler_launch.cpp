// SPDX-License-Identifier: MIT
#include "backend/scheduler_launch.hpp"

#include <filesystem>
#include <system_error>

namespace schedrig::kvm {
namespace {

class Collector final : public SchedExtProgramSink {
 public:
  void on_object(std::string_view path) noexcept override { object = path; }
  void on_global(std::string_view name, std::string_view value) noexcept override {
    add("--global", name, value);
  }
  void on_ops_field(std::string_view name, std::uint64_t value) noexcept override {
    add("--ops", name, std::to_string(value));
  }
  void on_binary(std::string_view path) noexcept override { binary = path; }
  void on_arg(std::string_view arg) noexcept override { args.emplace_back(arg); }

  std::string object;
  std::string binary;
  std::vector<std::string> args;
  std::vector<std::string> settings;

 private:
  void add(std::string_view option, std::string_view name, std::string_view value) {
    settings.emplace_back(option);
    settings.push_back(std::string(name) + "=" + std::string(value));
  }
};

} // namespace

Result<SchedulerLaunch> scheduler_launch(SchedExtProgram& program, ParamsView params,
                                         const std::string& loader) {
  Collector said;
  TRY(from_status(program.describe(params, said)));
  if (said.object.empty() == said.binary.empty()) {
    return fail(StatusCode::kInvalidArgument,
                said.object.empty() ? "neither an object nor a loader program is given"
                                    : "both an object and a loader program are given",
                "object = \"PATH\" or binary = \"PATH\"");
  }
  if (!said.binary.empty()) {
    return SchedulerLaunch{
        .binary = said.binary, .args = std::move(said.args), .files = {}, .own_loader = false};
  }
  std::error_code error;
  const std::string object = std::filesystem::absolute(said.object, error).string();
  if (error || !std::filesystem::is_regular_file(object, error)) {
    return fail(StatusCode::kNotFound, "there is no BPF object " + said.object,
                "an object is what clang -target bpf -g -c makes");
  }
  SchedulerLaunch launch{.binary = loader, .args = {object}, .files = {object}, .own_loader = true};
  launch.args.insert(launch.args.end(), said.settings.begin(), said.settings.end());
  return launch;
}

} // namespace schedrig::kvm
