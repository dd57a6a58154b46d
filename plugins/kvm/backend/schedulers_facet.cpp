// SPDX-License-Identifier: MIT
// Only the kernel's own scheduler.
#include "backend/schedulers_facet.hpp"

#include <string>

#include <schedrig/export.hpp>
#include <schedrig/result.hpp>

namespace schedrig::kvm {
namespace {

constexpr std::string_view kKernelsOwn = "eevdf";

Result<> check(std::string_view id) {
  if (id == kKernelsOwn) {
    return {};
  }
  return fail(
      StatusCode::kUnsupported,
      "no realisation for a real kernel in plugin '" + std::string(id) + "'",
      "use scheduler = \"eevdf\" (the kernel's own) on this backend, or backend = \"mock\"");
}

} // namespace

Status KernelSchedulers::can_attach(std::string_view id, Plugin& /*scheduler*/) noexcept {
  return guard("can_attach", [&] { return check(id); });
}

Status KernelSchedulers::attach(std::string_view id, Plugin& /*scheduler*/, ParamsView /*params*/,
                                std::int64_t /*timeout_ns*/) noexcept {
  return guard("attach", [&] { return check(id); });
}

Status KernelSchedulers::detach(std::int64_t /*timeout_ns*/) noexcept {
  return Status::make(StatusCode::kNotFound, "detach: nothing is attached, the kernel's own "
                                             "scheduler runs");
}

} // namespace schedrig::kvm
