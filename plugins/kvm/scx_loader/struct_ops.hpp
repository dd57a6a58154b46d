// SPDX-License-Identifier: MIT
// StructOps: one `struct sched_ext_ops` of an object, fitted to the running kernel by its BTF:
// callbacks and settings go where this kernel has them, by name; what it lacks is left out with a
// note; flags are translated by the names of their enumerators. Registered through a link, so that
// the kernel ends the scheduler when this process ends.
//
// Own code rather than libbpf's: the oldest libbpf that we build with knows neither links nor
// callbacks that a kernel may lack. Sources: kernel/bpf/bpf_struct_ops.c and bpf(2), Linux 6.12.
//
// Use: plan -> set_field, prepare (before the object is loaded) -> attach (after). Errors name the
// object's own names. Thread: one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include <schedrig/result.hpp>

#include "scx_loader/note.hpp"
#include "scx_loader/object_image.hpp"
#include "vmm/unique_fd.hpp"

namespace schedrig::scx {

// Once, before an object is opened: libbpf then asks for what a struct_ops program has to say.
void handle_struct_ops_sections();

class StructOps {
 public:
  // `object` and `kernel` are the two BTFs and must outlive the plan. kUnsupported: this kernel
  // has no sched_ext, or its BTF lacks a part of it. kInvalidArgument: the object has no or several
  // operations.
  [[nodiscard]] static Result<StructOps> plan(const ObjectImage& image, const btf& object,
                                              const btf& kernel, const NoteSink& note);

  // A number of the operations, such as timeout_ms. kNotFound, kInvalidArgument.
  [[nodiscard]] Result<> set_field(std::string_view name, std::uint64_t value);
  // That number as it will be given to the kernel. None: this kernel has no such member.
  [[nodiscard]] std::optional<std::uint64_t> field(std::string_view name) const;
  // Tells the object's programs which callback each is; those without one are not loaded.
  [[nodiscard]] Result<> prepare(bpf_object& object);
  // After bpf_object__load. When this returns the kernel has tried: how it went, sysfs and the
  // scheduler's exit say. kOs: the kernel refused to try; EBUSY: another one is there.
  [[nodiscard]] Result<> attach(const bpf_object& object);
  // The scheduler is gone when this returns.
  void detach() noexcept { link_.reset(); }

  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  struct Callback {
    std::string program;
    std::uint32_t member = 0; // of the kernel's struct sched_ext_ops
  };

  [[nodiscard]] Result<> find_kernel_types(const btf& kernel);
  [[nodiscard]] Result<> read_members(const OpsSection& section, const btf& object,
                                      const btf_type& record, std::uint64_t at,
                                      const NoteSink& note);
  [[nodiscard]] Result<> copy_data(const btf& object, const btf_member& member,
                                   std::string_view bytes, const NoteSink& note);
  [[nodiscard]] std::size_t place_of(std::uint32_t member) const;

  const btf* kernel_ = nullptr;
  const btf_type* record_ = nullptr; // the kernel's struct sched_ext_ops
  std::uint32_t record_id_ = 0;
  std::uint32_t value_id_ = 0; // struct bpf_struct_ops_sched_ext_ops
  std::uint32_t data_at_ = 0;  // of its member `data`
  std::string value_;
  std::vector<Callback> callbacks_;
  std::string name_;
  kvm::UniqueFd map_;
  kvm::UniqueFd link_;
};

} // namespace schedrig::scx
