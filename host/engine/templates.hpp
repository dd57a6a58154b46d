// SPDX-License-Identifier: MIT
// Templates: booted machines that the machines of runs start from. For the runs of one scenario,
// which differ in their seeds; there may be several, over which seeds are spread. A template comes
// from the cache, or from the first machine that had to boot, saved before it got a scheduler.
//
// Nothing that goes wrong here ends a run: it is told, and the run's machine boots.
// Thread: host. Borrows backend, facet and cache.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <schedrig/fork.hpp>
#include <schedrig/result.hpp>

#include "host/engine/held_events.hpp"
#include "host/engine/machine_handle.hpp"
#include "host/engine/run_report.hpp"
#include "host/templates/template_cache.hpp"

namespace schedrig::engine {

struct TemplateOptions {
  std::uint32_t count = 1;                         // at least 1
  bool several_runs = false;                       // templates and the last machine are kept
  const templates::TemplateCache* cache = nullptr; // null: none
};

class Templates {
 public:
  Templates(Backend& backend, ForkFacet& forks, const TemplateOptions& options);
  ~Templates();
  Templates(const Templates&) = delete;
  Templates& operator=(const Templates&) = delete;

  // Told what went wrong, in a sentence.
  using Notice = std::function<void(const std::string& text)>;

  struct Start {
    MachineHandle machine; // not booted
    MachineStart how;
  };
  // None: there is no template for the seed, boot a machine.
  std::optional<Start> start(const MachineSpec& spec, Cancellation& cancellation,
                             const Notice& notice);
  // Boots a machine of start(); `listener` is told its events from its success on.
  Result<> boot(Machine& machine, std::int64_t timeout_ns, EventSink& listener);
  // The template of this seed is not to be used again. Requires: its machines are destroyed.
  void drop(std::uint64_t seed);
  // A machine of start() at the end of its run; nobody is told its events any more. `well`: it may
  // serve the next run. Requires: shut down.
  void give_back(Start start, bool well);

  // Saves a machine that has just booted, if that is of use to anybody.
  void save(Machine& booted, const MachineSpec& spec, const Notice& notice);
  // Puts into the cache what was saved; a run does not wait for that.
  void store(const Notice& notice);

 private:
  struct Slot {
    Template* saved = nullptr;
    std::optional<templates::TemplateLease> lease; // behind `saved`
    templates::Fields fields;
    bool looked_up = false;
    bool to_be_stored = false;
  };

  Slot& slot_of(std::uint64_t seed) { return slots_[seed % slots_.size()]; }
  [[nodiscard]] Result<templates::Fields> fields_of(const MachineSpec& spec);
  void look_up(Slot& slot, const MachineSpec& spec, const Notice& notice);
  std::optional<MachineHandle> reset_last(Slot& slot, const MachineSpec& spec,
                                          Cancellation& cancellation, const Notice& notice);
  void destroy_last();
  void destroy(Slot& slot);

  Backend& backend_;
  ForkFacet& forks_;
  TemplateOptions options_;
  HeldEvents events_;
  std::vector<Slot> slots_;
  Machine* last_ = nullptr; // of the run before
  Slot* last_slot_ = nullptr;
};

} // namespace schedrig::engine
