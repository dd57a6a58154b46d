// SPDX-License-Identifier: MIT
#include "backend/bpf_maps_facet.hpp"

#include <string>

#include <schedrig/export.hpp>
#include <schedrig/files.hpp>

#include "channel/bpf_map_messages.hpp"

namespace schedrig::kvm {

Status AgentBpfMaps::pin(std::string_view name, std::string_view path) noexcept {
  return guard("pin a BPF map", [&]() -> Result<> {
    if (name.empty() || name.size() > kMaxBpfMapName || path.empty() ||
        path.size() > kMaxPathBytes) {
      return fail(StatusCode::kInvalidArgument,
                  "a name of " + std::to_string(name.size()) + " bytes and a path of " +
                      std::to_string(path.size()),
                  "a BPF map's name has up to " + std::to_string(kMaxBpfMapName) + " bytes");
    }
    const std::uint32_t request = link_.new_request();
    return ask(request, encode_map_pin_request(request, name, path), MessageType::kMapPinReply);
  });
}

Status AgentBpfMaps::unpin_all() noexcept {
  return guard("unpin BPF maps", [&] {
    const std::uint32_t request = link_.new_request();
    return ask(request, encode_bare(MessageType::kMapUnpinAll, request),
               MessageType::kMapUnpinAllReply);
  });
}

Result<> AgentBpfMaps::ask(std::uint32_t request, ByteView frame, MessageType answer_type) {
  Answer answer;
  const auto on_answer = [&](const Parsed& parsed) -> Result<bool> {
    if (parsed.type != answer_type) {
      return fail(StatusCode::kBadData, "BPF maps: unexpected answer of the guest agent");
    }
    answer = TRY(decode_answer(parsed.payload));
    return true;
  };
  TRY(link_.exchange(request, frame, "BPF maps", std::chrono::steady_clock::now() + timeout_,
                     on_answer));
  return from_outcome(answer.outcome);
}

} // namespace schedrig::kvm
