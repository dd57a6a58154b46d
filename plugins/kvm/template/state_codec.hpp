// SPDX-License-Identifier: MIT
// The state of a saved machine as bytes: KVM's structs as their ABI has them, devices field by
// field. What is read is bounded, and sound enough to be restored: KVM and the devices check the
// rest. Errors: kBadData. Thread: any (pure).
#pragma once

#include <schedrig/result.hpp>

#include "channel/messages.hpp"
#include "vmm/state/machine_state.hpp"

namespace schedrig::kvm {

[[nodiscard]] Bytes encode_vm_state(const VmState& state);
[[nodiscard]] Result<VmState> decode_vm_state(ByteView bytes);

[[nodiscard]] Bytes encode_board_state(const BoardState& state);
[[nodiscard]] Result<BoardState> decode_board_state(ByteView bytes);

[[nodiscard]] Bytes encode_boot_facts(const BootFacts& facts);
[[nodiscard]] Result<BootFacts> decode_boot_facts(ByteView bytes);

} // namespace schedrig::kvm
