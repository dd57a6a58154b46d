// SPDX-License-Identifier: MIT
// A split virtqueue whose rings the guest wrote: size u16, addresses of descriptors, driver area
// and device area u64 each, then pieces of RAM (address u64, length u8, bytes).
#include "vmm/device/virtqueue.hpp"

#include "tests/fuzz/byte_reader.hpp"
#include "tests/fuzz/target.hpp"

namespace schedrig::kvm {
namespace {

// A page of it lies above the device hole. Untouched RAM costs nothing.
constexpr std::uint64_t kRamBytes = kHoleStart + kPageSize;

void check_buffer(const GuestMemory& memory, std::span<const std::byte> buffer) {
  const std::byte* const end = memory.base() + memory.size();
  fuzz::require(buffer.data() >= memory.base() && buffer.data() < end &&
                    buffer.size() <= static_cast<std::size_t>(end - buffer.data()),
                "a buffer is in RAM");
}

void check_chain(const GuestMemory& memory, const VirtqueueState& queue, const Chain& chain) {
  fuzz::require(chain.head < queue.size, "the head is a descriptor");
  fuzz::require(chain.readable.size() + chain.writable.size() <= queue.size,
                "a chain has no more buffers than there are descriptors");
  fuzz::require(chain.readable_bytes + chain.writable_bytes <= kMaxChainBytes,
                "a chain is bounded");
  for (const auto* buffers : {&chain.readable, &chain.writable}) {
    for (const auto buffer : *buffers) {
      check_buffer(memory, buffer);
    }
  }
}

void work_off(const GuestMemory& memory, VirtqueueState& queue) {
  // The ring holds no more than its size; but what is given back may be written over it.
  for (int taken = 0; taken < 4 * kMaxQueueSize; ++taken) {
    const std::uint16_t before = queue.next_available;
    Chain chain;
    const Result<bool> popped = pop(memory, queue, chain);
    if (!popped) {
      fuzz::require(popped.error().code == StatusCode::kBadData, "a broken ring is bad data");
      fuzz::require(queue.next_available == before, "what is broken is not taken");
      return;
    }
    if (!*popped) {
      return;
    }
    check_chain(memory, queue, chain);
    const std::uint16_t used = queue.next_used;
    push(memory, queue, chain.head, static_cast<std::uint32_t>(chain.writable_bytes));
    fuzz::require(queue.next_used == static_cast<std::uint16_t>(used + 1), "each is given back");
    (void)wants_interrupt(memory, queue);
  }
}

} // namespace
} // namespace schedrig::kvm

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace schedrig;
  fuzz::ByteReader input(data, size);
  const auto memory = kvm::GuestMemory::create(kvm::kRamBytes, true);
  fuzz::require(memory.has_value(), "there is RAM");
  kvm::VirtqueueState queue;
  queue.size = input.take<std::uint16_t>();
  queue.descriptors = input.take<std::uint64_t>();
  queue.available = input.take<std::uint64_t>();
  queue.used = input.take<std::uint64_t>();
  while (!input.empty()) {
    const auto at = input.take<std::uint64_t>();
    const auto bytes = input.piece(input.take<std::uint8_t>());
    const auto written = memory->write(at, std::as_bytes(bytes));
    fuzz::require(written || written.error().code == StatusCode::kInvalidArgument,
                  "a write outside RAM is said so");
  }
  if (kvm::validate(*memory, queue)) {
    kvm::work_off(*memory, queue);
  }
  return 0;
}
