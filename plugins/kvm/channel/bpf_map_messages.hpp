// SPDX-License-Identifier: MIT
// The message that pins a BPF map. Answered by an Answer (messages.hpp), as is kMapUnpinAll, which
// is a bare request. Errors: kBadData. Thread: any.
#pragma once

#include <string>
#include <string_view>

#include "channel/messages.hpp"

namespace schedrig::kvm {

struct MapPinRequest {
  std::uint32_t request = 0;
  std::string name;
  std::string path;
};

[[nodiscard]] Bytes encode_map_pin_request(std::uint32_t request, std::string_view name,
                                           std::string_view path);
[[nodiscard]] Result<MapPinRequest> decode_map_pin_request(ByteView payload);

} // namespace schedrig::kvm
