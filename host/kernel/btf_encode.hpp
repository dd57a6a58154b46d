// SPDX-License-Identifier: MIT
// BTF from a table of types, by libbpf. Thread: any.
#pragma once

#include <span>

#include <schedrig/kernel_image.hpp>
#include <schedrig/result.hpp>

#include "host/kernel/bytes.hpp"

namespace schedrig::kernel {

// kInvalidArgument: libbpf refuses a type, which the text names.
Result<Bytes> encode_btf(std::span<const BtfType> types);

// The same for backends.
class LibbpfEncoder final : public BtfEncoder {
 public:
  Status encode(std::span<const BtfType> types, BytesSink& sink) noexcept override;
};

} // namespace schedrig::kernel
