// SPDX-License-Identifier: MIT
// Implementation of setup_lab.
#include "host/lab/setup.hpp"

#include "host/kernel/kernel_fetch.hpp"

namespace schedrig::lab {

Result<LabParts> setup_lab(const Progress& progress) {
  LabParts parts;
  parts.qemu = TRY(setup_qemu(progress));
  const auto kernels = TRY(kernel::KernelCache::open());
  auto found = kernels.find_lab_host();
  if (!found || !found->facts.whole()) {
    kernel::FetchRequest request;
    request.progress = progress;
    TRY(kernel::fetch_kernel(kernels, request));
    found = kernels.find_lab_host();
  }
  parts.host_kernel = TRY(std::move(found));
  return parts;
}

} // namespace schedrig::lab
