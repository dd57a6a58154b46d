// SPDX-License-Identifier: MIT
// Kernel-memory requests and replies: what decodes encodes to the same bytes.
#include <algorithm>

#include <schedrig/kernel_wire.hpp>

#include "tests/fuzz/target.hpp"

namespace {

template <class Message> void round_trip(std::span<const std::uint8_t> bytes) {
  using namespace schedrig;
  Message message;
  const WireError error = decode(bytes, &message);
  fuzz::require(error.offset <= bytes.size(), "a fault is within the message");
  if (!error.ok()) {
    return;
  }
  std::vector<std::uint8_t> again;
  fuzz::require(encode(message, again).ok(), "what was decoded can be encoded");
  fuzz::require(std::ranges::equal(again, bytes), "to the same bytes");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  round_trip<schedrig::KernelRequest>({data, size});
  round_trip<schedrig::KernelReply>({data, size});
  return 0;
}
