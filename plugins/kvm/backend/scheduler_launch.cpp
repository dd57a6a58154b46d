// SPDX-License-Identifier: MIT
#include "backend/scheduler_launch.hpp"

#include <filesystem>
#include <system_error>

namespace schedrig::kvm {
namespace {

// struct sched_ext_ops, kernel/sched/ext.c.
constexpr std::string_view kTimeoutField = "timeout_ms";

// What a scheduler asks for may be less than the limit.
std::uint64_t limited(std::uint64_t timeout_ms, std::int64_t limit_ns) {
  constexpr std::int64_t kNsPerMs = 1'000'000;
  const auto limit_ms = static_cast<std::uint64_t>((limit_ns + kNsPerMs - 1) / kNsPerMs);
  return limit_ms == 0 || (timeout_ms != 0 && timeout_ms < limit_ms) ? timeout_ms : limit_ms;
}

class Collector final : public SchedExtProgramSink {
 public:
  void on_object(std::string_view path) noexcept override { object = path; }
  void on_global(std::string_view name, std::string_view value) noexcept override {
    add("--global", name, value);
  }
  void on_ops_field(std::string_view name, std::uint64_t value) noexcept override {
    if (name == kTimeoutField) {
      timeout_ms = value;
      return;
    }
    add("--ops", name, std::to_string(value));
  }
  void on_binary(std::string_view path) noexcept override { binary = path; }
  void on_arg(std::string_view arg) noexcept override { args.emplace_back(arg); }

  std::string object;
  std::string binary;
  std::vector<std::string> args;
  std::vector<std::string> settings;
  std::uint64_t timeout_ms = 0; // 0: the object's own

  void add(std::string_view option, std::string_view name, std::string_view value) {
    settings.emplace_back(option);
    settings.push_back(std::string(name) + "=" + std::string(value));
  }
};

} // namespace

Result<SchedulerLaunch> scheduler_launch(SchedExtProgram& program, ParamsView params,
                                         const std::string& loader, std::int64_t watchdog_ns) {
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
  if (const std::uint64_t timeout_ms = limited(said.timeout_ms, watchdog_ns); timeout_ms != 0) {
    said.add("--ops", kTimeoutField, std::to_string(timeout_ms));
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
