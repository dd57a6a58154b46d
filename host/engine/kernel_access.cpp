// SPDX-License-Identifier: MIT
#include "host/engine/kernel_access.hpp"

#include <algorithm>
#include <span>
#include <string>
#include <utility>

#include "host/text/hex.hpp"

namespace schedrig::engine {
namespace {

using Bytes = std::vector<std::uint8_t>;

template <class Integer> Bytes little_endian(Integer value) {
  Bytes bytes(sizeof(Integer));
  for (std::uint8_t& byte : bytes) {
    byte = static_cast<std::uint8_t>(value & 0xFFU);
    value = static_cast<Integer>(value >> 8U);
  }
  return bytes;
}

template <class Integer> Integer from_little_endian(std::span<const std::uint8_t> bytes) {
  Integer value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) {
    value = static_cast<Integer>(value << 8U) | bytes[i];
  }
  return value;
}

struct ToBytes {
  Bytes operator()(const U32Value& value) const { return little_endian(value.value); }
  Bytes operator()(const U64Value& value) const { return little_endian(value.value); }
  Bytes operator()(const BytesValue& value) const { return value.bytes; }
  Bytes operator()(const OrU32Value& value) const { return little_endian(value.mask); }
};

// The value that `bytes`, read where `asked` stood, are.
KernelValue to_value(const KernelValue& asked, Bytes bytes) {
  if (std::holds_alternative<U32Value>(asked)) {
    return U32Value{from_little_endian<std::uint32_t>(bytes)};
  }
  if (std::holds_alternative<U64Value>(asked)) {
    return U64Value{from_little_endian<std::uint64_t>(bytes)};
  }
  return BytesValue{std::move(bytes)};
}

class Batch {
 public:
  explicit Batch(const KernelRequest& request) : request_(request) {}

  Result<> resolve(TargetResolver& targets) {
    for (const KernelWrite& entry : request_.entries) {
      buffers_.push_back(std::visit(ToBytes{}, entry.value));
    }
    for (std::size_t i = 0; i < buffers_.size(); ++i) {
      if (auto added = add(i, targets); !added) {
        return std::unexpected(std::move(added).error().context(name_of(i)));
      }
    }
    return {};
  }

  Result<std::vector<KernelValue>> run(MemoryFacet& memory) {
    auto failed = static_cast<std::uint32_t>(accesses_.size());
    if (auto done = from_status(memory.access(accesses_, &failed)); !done) {
      Error error = std::move(done).error();
      return std::unexpected(failed < accesses_.size()
                                 ? std::move(error).context(name_of(owners_[failed]))
                                 : std::move(error));
    }
    std::vector<KernelValue> values;
    if (request_.access == KernelAccess::kRead) {
      for (std::size_t i = 0; i < buffers_.size(); ++i) {
        values.push_back(to_value(request_.entries[i].value, std::move(buffers_[i])));
      }
    }
    return values;
  }

 private:
  [[nodiscard]] std::string name_of(std::size_t entry) const {
    const std::size_t all = request_.entries.size();
    const std::string target = to_string(request_.entries[entry].target);
    return all == 1 ? target
                    : "entry " + std::to_string(entry + 1) + " of " + std::to_string(all) + ", " +
                          target;
  }

  [[nodiscard]] MemoryAccessKind kind_of(const KernelValue& value) const {
    if (request_.access == KernelAccess::kRead) {
      return MemoryAccessKind::kRead;
    }
    return std::holds_alternative<OrU32Value>(value) ? MemoryAccessKind::kOr
                                                     : MemoryAccessKind::kWrite;
  }

  Result<> add(std::size_t entry, TargetResolver& targets) {
    const KernelWrite& asked = request_.entries[entry];
    if (request_.access == KernelAccess::kRead && std::holds_alternative<OrU32Value>(asked.value)) {
      return fail(StatusCode::kInvalidArgument, "or_u32 is no width to read",
                  "read u32, u64 or { bytes = n }");
    }
    const bool cold = request_.mode == KernelAccessMode::kCold;
    const MemoryAccessKind kind = kind_of(asked.value);
    std::span<std::uint8_t> left = buffers_[entry];
    const auto places = TRY(targets.resolve(asked.target, static_cast<std::uint32_t>(left.size()),
                                            cold ? KernelState::kFrozen : KernelState::kRunning));
    if (kind == MemoryAccessKind::kOr && !cold) {
      TRY(check_atomic(places));
    }
    for (const MemoryRange& place : places) {
      const std::size_t bytes = std::min<std::uint64_t>(place.bytes, left.size());
      const auto part = left.first(bytes);
      left = left.subspan(bytes);
      const bool read = kind == MemoryAccessKind::kRead;
      accesses_.push_back({.kind = kind,
                           .address = place.start,
                           .into = read ? part : std::span<std::uint8_t>(),
                           .from = read ? std::span<std::uint8_t>() : part});
      owners_.push_back(entry);
    }
    if (!left.empty()) {
      return fail(StatusCode::kInternal,
                  "of the target " + std::to_string(left.size()) + " bytes were not found");
    }
    return {};
  }

  static Result<> check_atomic(const std::vector<MemoryRange>& places) {
    const bool aligned = places.size() == 1 && places.front().start % sizeof(std::uint32_t) == 0;
    if (places.empty() || aligned) { // what is missing is found by who adds them up
      return {};
    }
    return fail(StatusCode::kInvalidArgument,
                "or_u32 at the physical address " + text::hex_number(places.front().start) +
                    " is not aligned to 4 bytes, and cannot be atomic while the machine runs",
                "use write_kernel_cold");
  }

  const KernelRequest& request_;
  std::vector<Bytes> buffers_; // one an entry: what is written, or room for what is read
  std::vector<MemoryAccess> accesses_;
  std::vector<std::size_t> owners_; // the entry of each access
};

} // namespace

KernelValue zero_of(const KernelWidth& width) {
  if (const auto* bytes = std::get_if<BytesWidth>(&width)) {
    return BytesValue{Bytes(bytes->count)};
  }
  return std::holds_alternative<U32Width>(width) ? KernelValue(U32Value{})
                                                 : KernelValue(U64Value{});
}

Result<std::vector<KernelValue>> carry_out(const KernelRequest& request, TargetResolver& targets,
                                           MemoryFacet& memory) {
  Batch batch(request);
  TRY(batch.resolve(targets));
  return batch.run(memory);
}

} // namespace schedrig::engine
