// SPDX-License-Identifier: MIT
// Split virtqueue walks with every check the guest could make necessary.
#include "virtqueue.hpp"

#include <bit>
#include <cstring>
#include <string>

namespace schedrig::kvm {
namespace {

struct Descriptor {
  std::uint64_t address;
  std::uint32_t length;
  std::uint16_t flags;
  std::uint16_t next;
};
static_assert(sizeof(Descriptor) == 16);

constexpr std::uint16_t kDescriptorNext = 1;
constexpr std::uint16_t kDescriptorWrite = 2;
constexpr std::uint16_t kDescriptorIndirect = 4;
constexpr std::uint16_t kAvailableNoInterrupt = 1;
constexpr std::uint64_t kRingHeader = 4; // flags, index

std::unexpected<Error> broken(const std::string& what) {
  return fail(StatusCode::kBadData, "virtqueue: " + what);
}

// The guest may write these words at any time: atomics, so that each is read once and in order.
// The order is the strictest that any caller needs; on x86 a load costs the same with each.
std::uint16_t load16(const GuestMemory& memory, Gpa gpa) {
  const auto bytes = memory.slice(gpa, sizeof(std::uint16_t));
  if (bytes.empty()) {
    return 0; // validate() proved the area to be in RAM
  }
  auto* word = reinterpret_cast<std::uint16_t*>(bytes.data());
  return __atomic_load_n(word, __ATOMIC_SEQ_CST);
}

void store16(const GuestMemory& memory, Gpa gpa, std::uint16_t value) {
  const auto bytes = memory.slice(gpa, sizeof(std::uint16_t));
  if (!bytes.empty()) {
    __atomic_store_n(reinterpret_cast<std::uint16_t*>(bytes.data()), value, __ATOMIC_SEQ_CST);
  }
}

Result<Descriptor> read_descriptor(const GuestMemory& memory, const VirtqueueState& queue,
                                   std::uint16_t index) {
  if (index >= queue.size) {
    return broken("descriptor " + std::to_string(index) + " of " + std::to_string(queue.size));
  }
  Descriptor descriptor{};
  TRY(memory.read(queue.descriptors + index * sizeof(Descriptor),
                  std::as_writable_bytes(std::span(&descriptor, 1))));
  return descriptor;
}

Result<> add_buffer(const GuestMemory& memory, const Descriptor& descriptor, Chain& chain) {
  if ((descriptor.flags & kDescriptorIndirect) != 0) {
    return broken("indirect descriptor, which was not offered");
  }
  const bool writable = (descriptor.flags & kDescriptorWrite) != 0;
  if (!writable && !chain.writable.empty()) {
    return broken("readable buffer after a writable one");
  }
  if (descriptor.length == 0) {
    return {};
  }
  const auto buffer = memory.slice(descriptor.address, descriptor.length);
  if (buffer.empty()) {
    return broken("buffer at " + std::to_string(descriptor.address) + ", " +
                  std::to_string(descriptor.length) + " bytes, outside RAM");
  }
  (writable ? chain.writable : chain.readable).push_back(buffer);
  (writable ? chain.writable_bytes : chain.readable_bytes) += buffer.size();
  if (chain.readable_bytes + chain.writable_bytes > kMaxChainBytes) {
    return broken("chain of more than " + std::to_string(kMaxChainBytes) + " bytes");
  }
  return {};
}

} // namespace

Result<> validate(const GuestMemory& memory, const VirtqueueState& queue) {
  if (!std::has_single_bit(queue.size) || queue.size > kMaxQueueSize) {
    return broken("size " + std::to_string(queue.size) + ", need a power of two up to " +
                  std::to_string(kMaxQueueSize));
  }
  const std::uint64_t size = queue.size;
  if (queue.descriptors % 16 != 0 || queue.available % 2 != 0 || queue.used % 4 != 0) {
    return broken("misaligned rings");
  }
  if (memory.slice(queue.descriptors, size * sizeof(Descriptor)).empty() ||
      memory.slice(queue.available, kRingHeader + 2 * size + 2).empty() ||
      memory.slice(queue.used, kRingHeader + 8 * size + 2).empty()) {
    return broken("rings outside RAM");
  }
  return {};
}

Result<bool> pop(const GuestMemory& memory, VirtqueueState& queue, Chain& chain) {
  const std::uint16_t index = load16(memory, queue.available + 2);
  const auto pending = static_cast<std::uint16_t>(index - queue.next_available);
  if (pending == 0) {
    return false;
  }
  if (pending > queue.size) {
    return broken(std::to_string(pending) + " chains available in a queue of " +
                  std::to_string(queue.size));
  }
  const Gpa slot = queue.available + kRingHeader + 2ULL * (queue.next_available % queue.size);
  chain = Chain{};
  chain.head = load16(memory, slot);
  std::uint16_t next = chain.head;
  for (std::uint32_t length = 0;; ++length) {
    if (length == queue.size) {
      return broken("descriptor loop from " + std::to_string(chain.head));
    }
    const Descriptor descriptor = TRY(read_descriptor(memory, queue, next));
    TRY(add_buffer(memory, descriptor, chain));
    if ((descriptor.flags & kDescriptorNext) == 0) {
      break;
    }
    next = descriptor.next;
  }
  ++queue.next_available;
  return true;
}

void push(const GuestMemory& memory, VirtqueueState& queue, std::uint16_t head,
          std::uint32_t written) {
  const std::uint32_t element[2] = {head, written};
  const Gpa slot = queue.used + kRingHeader + 8ULL * (queue.next_used % queue.size);
  if (!memory.write(slot, std::as_bytes(std::span(element)))) {
    return; // validate() proved the area to be in RAM
  }
  ++queue.next_used;
  store16(memory, queue.used + 2, queue.next_used);
}

bool wants_interrupt(const GuestMemory& memory, const VirtqueueState& queue) {
  // push stored the used index with sequential consistency, so it is visible before this is read;
  // else both sides could miss each other.
  return (load16(memory, queue.available) & kAvailableNoInterrupt) == 0;
}

} // namespace schedrig::kvm
