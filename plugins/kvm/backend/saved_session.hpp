// SPDX-License-Identifier: MIT
// SavedSession: what the host's side knows of a guest that was saved, as bytes of a template.
// Errors: kBadData. Thread: any (pure).
#pragma once

#include "backend/agent_link.hpp"

namespace schedrig::kvm {

struct SavedSession {
  Hello hello;
  LinkSession link;
};

[[nodiscard]] Bytes encode_session(const SavedSession& session);
[[nodiscard]] Result<SavedSession> decode_session(ByteView bytes);

} // namespace schedrig::kvm
