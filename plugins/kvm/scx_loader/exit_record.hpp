// SPDX-License-Identifier: MIT
// ExitRecord: what a scheduler wrote down of its own end, in the global `uei` (struct
// user_exit_info: kind, exit_code, reason, msg) and the array `uei_dump`, which is how schedulers
// of the field do it. An object without them tells nothing. Thread: one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <bpf/libbpf.h>

#include "scx_loader/globals.hpp"

namespace schedrig::scx {

struct ExitInfo {
  std::int64_t kind = 0; // enum scx_exit_kind
  std::int64_t code = 0;
  std::string reason;
  std::string message;
  std::string dump;
};

class ExitRecord {
 public:
  // The object must outlive it.
  explicit ExitRecord(const bpf_object& object);

  // After the object is loaded. None: it has not ended, or does not say.
  [[nodiscard]] std::optional<ExitInfo> read() const;

 private:
  [[nodiscard]] std::string value_of(const Variable& variable) const;
  // Of a value of that type.
  [[nodiscard]] std::string member(const btf_type& type, const std::string& value,
                                   std::string_view name) const;

  const bpf_object& object_;
  std::optional<Variable> record_;
  std::optional<Variable> dump_;
};

} // namespace schedrig::scx
