// SPDX-License-Identifier: MIT
#include "backend/fork_facet.hpp"

#include <schedrig/export.hpp>

namespace schedrig::kvm {
namespace {

class KvmTemplate final : public Template {
 public:
  explicit KvmTemplate(TemplateContent content) : content_(std::move(content)) {}
  [[nodiscard]] const TemplateContent& content() const noexcept { return content_; }

 private:
  TemplateContent content_;
};

const TemplateContent& content_of(const Template& saved) {
  return static_cast<const KvmTemplate&>(saved).content();
}

KvmMachine& kvm_machine(Machine& machine) {
  return static_cast<KvmMachine&>(machine);
}

} // namespace

Result<TemplateFields> KvmFork::fields(const MachineSpec& spec) {
  return identity_.fields(spec, TRY(machine_options(spec, agent_path_)));
}

Status KvmFork::template_fields(const MachineSpec& spec, FactSink& sink) noexcept {
  return guard("template_fields", [&]() -> Result<> {
    for (const auto& [key, value] : TRY(fields(spec))) {
      sink.on_fact(key, value);
    }
    return {};
  });
}

Status KvmFork::save(Machine& machine, std::int64_t timeout_ns, Template** out) noexcept {
  return guard("save", [&]() -> Result<> {
    *out = new KvmTemplate(TRY(kvm_machine(machine).save(std::chrono::nanoseconds(timeout_ns))));
    return {};
  });
}

Status KvmFork::store(const Template& saved, std::string_view directory) noexcept {
  return guard("store", [&] { return store_template(content_of(saved), std::string(directory)); });
}

Status KvmFork::load(std::string_view directory, const MachineSpec& spec, Template** out) noexcept {
  return guard("load", [&]() -> Result<> {
    const TemplateFields wanted = TRY(fields(spec));
    *out = new KvmTemplate(TRY(load_template(std::string(directory), wanted)));
    return {};
  });
}

Status KvmFork::create_machine(const Template& saved, const MachineSpec& spec, EventSink& events,
                               Machine** out) noexcept {
  return guard("create_machine", [&]() -> Result<> {
    const TemplateContent& content = content_of(saved);
    const TemplateFields wanted = TRY(fields(spec));
    TRY(check_fields(content.fields, wanted));
    const MachineOptions options = TRY(machine_options(spec, agent_path_));
    *out = TRY(KvmMachine::create_from(content, spec.seed, options, events, pool_)).release();
    return {};
  });
}

Status KvmFork::reset(Machine& machine, std::uint64_t seed, std::int64_t timeout_ns) noexcept {
  return guard("reset", [&] {
    return kvm_machine(machine).reset(seed, std::chrono::nanoseconds(timeout_ns));
  });
}

void KvmFork::destroy_machine(Machine* machine) noexcept {
  if (machine != nullptr) {
    KvmMachine::destroy(std::unique_ptr<KvmMachine>(&kvm_machine(*machine)));
  }
}

void KvmFork::destroy_template(Template* saved) noexcept {
  if (saved != nullptr) {
    pool_.forget(content_of(*saved));
  }
  delete static_cast<KvmTemplate*>(saved);
}

} // namespace schedrig::kvm
