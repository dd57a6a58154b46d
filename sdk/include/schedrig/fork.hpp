// SPDX-License-Identifier: MIT
// The fork facet of a backend: a booted machine is saved as a template, and any number of machines
// start from it where it stood, each with a copy of its own of everything the guest can change.
//
// Found by Plugin::query, since a template outlives the machine that it was taken from. What a
// template depends on is the backend's to say (template_fields); where templates are kept, and when
// a machine is booted anew, is the host's.
//
// Ownership: a Template belongs to the host until destroy_template, which needs all machines made
// from it to be destroyed first. Thread: [host-thread] throughout.
#pragma once

#include <cstdint>
#include <string_view>

#include <schedrig/backend.hpp>
#include <schedrig/status.hpp>

namespace schedrig {

// A backend's own; the host holds pointers only.
class Template {
 protected:
  ~Template() = default;
};

class ForkFacet {
 public:
  static constexpr std::string_view kInterfaceId = "schedrig.fork/1";

  // Everything that decides whether a template can stand for a boot of `spec`, each as key and
  // value: "kernel" = a digest of its bytes, "topology" = ... The seed is none of it. Two specs
  // with the same fields may share a template.
  virtual Status template_fields(const MachineSpec& spec, FactSink& sink) noexcept = 0;

  // Of a booted machine at any moment; it goes on afterwards as if nothing had been. kTimeout: a
  // CPU or a device did not stand still in time, named. kUnsupported: a part of the machine cannot
  // be copied, named; such as a scheduler that a plugin runs for it. Workers and files of the guest
  // at this moment are in every machine that starts from the template, without a group id.
  virtual Status save(Machine& machine, std::int64_t timeout_ns, Template** out) noexcept = 0;

  // Keeps the template in `directory`, which exists and is empty. A store that failed or was killed
  // leaves files that load() refuses. kUnsupported: templates of this backend live in memory only.
  virtual Status store(const Template& saved, std::string_view directory) noexcept = 0;

  // kBadData: damaged or of another format; kInvalidArgument: whole, but not for `spec` on this
  // host: the text names the fields that differ. The files must stay as they are until
  // destroy_template.
  virtual Status load(std::string_view directory, const MachineSpec& spec,
                      Template** out) noexcept = 0;

  // A machine whose boot() starts it from the template instead of booting. Of `spec`, the seed and
  // the parameters that a template does not depend on are the new machine's own. kInvalidArgument:
  // the template is not for `spec`: the text names the fields that differ.
  virtual Status create_machine(const Template& saved, const MachineSpec& spec, EventSink& events,
                                Machine** out) noexcept = 0;

  // Takes a machine of create_machine, running or ended, back to its template, as if never booted.
  // `seed` is the next life's, facets stay valid. kUnsupported: destroy it, a new one costs less.
  virtual Status reset(Machine& machine, std::uint64_t seed, std::int64_t timeout_ns) noexcept = 0;

  virtual void destroy_template(Template* saved) noexcept = 0;

 protected:
  ~ForkFacet() = default;
};

} // namespace schedrig
