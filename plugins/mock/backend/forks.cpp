// SPDX-License-Identifier: MIT
#include "plugins/mock/backend/forks.hpp"

#include <memory>
#include <string>

#include <schedrig/export.hpp>

#include "plugins/mock/backend/create.hpp"

namespace schedrig::mock {
namespace {

class MockTemplate final : public Template {
 public:
  std::unique_ptr<MachineState> state;
};

Status in_memory_only(std::string_view what) {
  return Status::make(StatusCode::kUnsupported,
                      std::string(what) + ": templates of mock live in memory only",
                      "a machine of mock boots at once: boot it anew in the next process");
}

// Empty: the template can stand for a boot of `wanted`.
std::string differences(const MachineFields& saved, const MachineFields& wanted) {
  std::string text;
  for (std::size_t i = 0; i < saved.size(); ++i) {
    if (saved[i].second != wanted[i].second) {
      text += (text.empty() ? "" : ", ") + saved[i].first + " is \"" + saved[i].second +
              "\", not \"" + wanted[i].second + "\"";
    }
  }
  return text;
}

} // namespace

Status MockForks::template_fields(const MachineSpec& spec, FactSink& sink) noexcept {
  return guard("template fields", [&]() -> Status {
    if (Status status = validate(spec.topology); !status.ok()) {
      return status;
    }
    for (const auto& [key, value] : machine_fields(spec)) {
      sink.on_fact(key, value);
    }
    return {};
  });
}

Status MockForks::save(Machine& machine, std::int64_t /*timeout_ns*/, Template** out) noexcept {
  return guard("save", [&]() -> Status {
    const auto& saved = static_cast<MockMachine&>(machine);
    auto made = std::make_unique<MockTemplate>();
    if (Status status = saved.save(&made->state); !status.ok()) {
      return status;
    }
    *out = made.release();
    return {};
  });
}

Status MockForks::store(const Template& /*saved*/, std::string_view /*directory*/) noexcept {
  return in_memory_only("store");
}

Status MockForks::load(std::string_view /*directory*/, const MachineSpec& /*spec*/,
                       Template** /*out*/) noexcept {
  return in_memory_only("load");
}

Status MockForks::create_machine(const Template& saved, const MachineSpec& spec, EventSink& events,
                                 Machine** out) noexcept {
  return guard("create_machine", [&]() -> Status {
    if (Status status = validate(spec.topology); !status.ok()) {
      return status;
    }
    const auto& from = static_cast<const MockTemplate&>(saved);
    const std::string differs = differences(from.state->fields, machine_fields(spec));
    if (!differs.empty()) {
      return Status::make(StatusCode::kInvalidArgument,
                          "the template is of another machine: its " + differs,
                          "make a template of this one");
    }
    return create(spec, events, from.state.get(), out);
  });
}

Status MockForks::reset(Machine& machine, std::uint64_t seed,
                        std::int64_t /*timeout_ns*/) noexcept {
  return guard("reset", [&]() -> Status { return static_cast<MockMachine&>(machine).reset(seed); });
}

void MockForks::destroy_template(Template* saved) noexcept {
  delete static_cast<MockTemplate*>(saved);
}

} // namespace schedrig::mock
