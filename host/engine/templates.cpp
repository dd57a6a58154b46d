// SPDX-License-Identifier: MIT
#include "host/engine/templates.hpp"

#include <algorithm>
#include <utility>

namespace schedrig::engine {
namespace {

// Saving copies the machine's memory, starting maps it: seconds under emulation on a loaded host,
// milliseconds else. What takes longer hangs.
constexpr std::int64_t kSaveNs = 30'000'000'000;
constexpr std::int64_t kStartNs = 30'000'000'000;

class FieldCollector final : public FactSink {
 public:
  void on_fact(std::string_view key, std::string_view value) noexcept override {
    fields.emplace_back(key, value);
  }
  templates::Fields fields;
};

std::string text_of(const Error& error) {
  return error.message + (error.help.empty() ? "" : "; " + error.help);
}

} // namespace

Templates::Templates(Backend& backend, ForkFacet& forks, const TemplateOptions& options)
    : backend_(backend), forks_(forks), options_(options),
      slots_(std::max<std::uint32_t>(options.count, 1)) {}

Templates::~Templates() {
  destroy_last();
  for (Slot& slot : slots_) {
    destroy(slot);
  }
}

Result<templates::Fields> Templates::fields_of(const MachineSpec& spec) {
  FieldCollector collector;
  TRY(from_status(forks_.template_fields(spec, collector)));
  // Several templates of one machine are the same but for what its boots left to chance.
  collector.fields.emplace_back("template", std::to_string(spec.seed % slots_.size()));
  return std::move(collector.fields);
}

void Templates::look_up(Slot& slot, const MachineSpec& spec, const Notice& notice) {
  if (std::exchange(slot.looked_up, true) || options_.cache == nullptr) {
    return;
  }
  const auto fields = fields_of(spec);
  if (!fields) {
    notice("no template is looked up: " + text_of(fields.error()));
    return;
  }
  auto lease = options_.cache->find(*fields);
  if (!lease) {
    return;
  }
  const auto loaded = from_status(forks_.load(lease->data().string(), spec, &slot.saved));
  if (loaded) {
    slot.lease = std::move(lease);
    slot.fields = *fields;
    return;
  }
  slot.saved = nullptr;
  const std::string key = lease->key();
  lease.reset();
  const auto removed = options_.cache->remove(key); // so that the next one takes its place
  notice("template " + key + " cannot be used, the machine boots: " + text_of(loaded.error()) +
         (removed ? "" : "; " + text_of(removed.error())));
}

std::optional<MachineHandle> Templates::reset_last(Slot& slot, const MachineSpec& spec,
                                                   Cancellation& cancellation,
                                                   const Notice& notice) {
  if (last_ == nullptr || last_slot_ != &slot) {
    destroy_last(); // one machine at a time has its memory
    return std::nullopt;
  }
  if (const auto done = from_status(forks_.reset(*last_, spec.seed, kStartNs)); !done) {
    if (done.error().code != StatusCode::kUnsupported) { // else another one costs less
      notice("the machine cannot be reset, another one is made: " + text_of(done.error()));
    }
    destroy_last();
    return std::nullopt;
  }
  return MachineHandle(backend_, *std::exchange(last_, nullptr), cancellation);
}

std::optional<Templates::Start> Templates::start(const MachineSpec& spec,
                                                 Cancellation& cancellation, const Notice& notice) {
  Slot& slot = slot_of(spec.seed);
  if (slot.saved == nullptr) {
    look_up(slot, spec, notice);
  }
  if (slot.saved == nullptr) {
    destroy_last();
    return std::nullopt;
  }
  events_.hold();
  if (auto machine = reset_last(slot, spec, cancellation, notice)) {
    return Start{*std::move(machine), MachineStart::kReset};
  }
  Machine* made = nullptr;
  if (const auto done = from_status(forks_.create_machine(*slot.saved, spec, events_, &made));
      !done) {
    notice("no machine starts from the template, it boots: " + text_of(done.error()));
    drop(spec.seed);
    return std::nullopt;
  }
  last_slot_ = &slot;
  return Start{MachineHandle(backend_, *made, cancellation), MachineStart::kFork};
}

Result<> Templates::boot(Machine& machine, std::int64_t timeout_ns, EventSink& listener) {
  TRY(from_status(machine.boot(std::min(timeout_ns, kStartNs))));
  events_.tell(listener);
  return {};
}

void Templates::drop(std::uint64_t seed) {
  Slot& slot = slot_of(seed);
  const auto key = slot.lease ? std::optional(slot.lease->key()) : std::nullopt;
  destroy(slot);
  slot.to_be_stored = false;
  if (key && options_.cache != nullptr) {
    // One that others use stays: they will meet the same.
    [[maybe_unused]] const auto removed = options_.cache->remove(*key);
  }
}

void Templates::give_back(Start start, bool well) {
  events_.hold();
  if (well && options_.several_runs) {
    last_ = start.machine.release();
  }
}

void Templates::save(Machine& booted, const MachineSpec& spec, const Notice& notice) {
  Slot& slot = slot_of(spec.seed);
  if (slot.saved != nullptr || (!options_.several_runs && options_.cache == nullptr)) {
    return;
  }
  auto fields = fields_of(spec);
  const auto saved = !fields ? Result<>(std::unexpected(fields.error()))
                             : from_status(forks_.save(booted, kSaveNs, &slot.saved));
  if (!saved) {
    slot.saved = nullptr;
    notice("the machine is not saved, later ones boot: " + text_of(saved.error()));
    return;
  }
  slot.fields = *std::move(fields);
  slot.to_be_stored = options_.cache != nullptr;
}

void Templates::store(const Notice& notice) {
  for (Slot& slot : slots_) {
    if (!std::exchange(slot.to_be_stored, false)) {
      continue;
    }
    bool in_memory_only = false; // a backend may have no files for its templates
    const auto stored =
        options_.cache->add(slot.fields, [&](const std::filesystem::path& data) -> Result<> {
          const Status status = forks_.store(*slot.saved, data.string());
          in_memory_only = status.code == StatusCode::kUnsupported;
          return from_status(status);
        });
    if (!stored && !in_memory_only) {
      notice("the template is not kept for later runs: " + text_of(stored.error()));
    }
    if (!options_.several_runs) {
      destroy(slot);
    }
  }
}

void Templates::destroy_last() {
  if (last_ != nullptr) {
    backend_.destroy_machine(std::exchange(last_, nullptr));
  }
}

void Templates::destroy(Slot& slot) {
  if (last_slot_ == &slot) {
    destroy_last();
  }
  if (slot.saved != nullptr) {
    forks_.destroy_template(std::exchange(slot.saved, nullptr));
  }
  slot.lease.reset();
}

} // namespace schedrig::engine
