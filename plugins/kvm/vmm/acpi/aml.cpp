// SPDX-License-Identifier: MIT
// AML encoders.
#include "aml.hpp"

namespace schedrig::kvm::aml {
namespace {

constexpr std::uint8_t kZeroOp = 0x00;
constexpr std::uint8_t kOneOp = 0x01;
constexpr std::uint8_t kNameOp = 0x08;
constexpr std::uint8_t kBytePrefix = 0x0a;
constexpr std::uint8_t kWordPrefix = 0x0b;
constexpr std::uint8_t kDwordPrefix = 0x0c;
constexpr std::uint8_t kQwordPrefix = 0x0e;
constexpr std::uint8_t kScopeOp = 0x10;
constexpr std::uint8_t kBufferOp = 0x11;
constexpr std::uint8_t kPackageOp = 0x12;
constexpr std::uint8_t kRootChar = 0x5c;
constexpr std::uint8_t kExtOpPrefix = 0x5b;
constexpr std::uint8_t kDeviceOp = 0x82;

// Address space descriptors (6.4.3.5): resource type, general flags, type-specific flags.
constexpr std::uint8_t kWordAddressSpace = 0x88;
constexpr std::uint8_t kDwordAddressSpace = 0x87;
constexpr std::uint8_t kTypeMemory = 0;
constexpr std::uint8_t kTypeIo = 1;
constexpr std::uint8_t kTypeBus = 2;
constexpr std::uint8_t kProducerMinMaxFixed = 0x0c; // _MIF and _MAF set, positive decode
constexpr std::uint8_t kMemoryReadWrite = 0x01;     // non-cacheable
constexpr std::uint8_t kIoEntireRange = 0x03;

void put_le(Bytes& out, std::uint64_t value, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; ++i) {
    out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
  }
}

// Tag, length, type, flags, then granularity, min, max, translation, length of `width` bytes.
Bytes address_space(std::uint8_t tag, std::size_t width, std::uint8_t type,
                    std::uint8_t specific_flags, std::uint64_t first, std::uint64_t last) {
  Bytes out{tag};
  put_le(out, 3 + 5 * width, 2);
  out.push_back(type);
  out.push_back(kProducerMinMaxFixed);
  out.push_back(specific_flags);
  put_le(out, 0, width);
  put_le(out, first, width);
  put_le(out, last, width);
  put_le(out, 0, width);
  put_le(out, last - first + 1, width);
  return out;
}

} // namespace

Bytes concat(std::initializer_list<Bytes> parts) {
  Bytes out;
  for (const Bytes& part : parts) {
    out.insert(out.end(), part.begin(), part.end());
  }
  return out;
}

Bytes name_segment(std::string_view name) {
  Bytes out(name.begin(), name.end());
  out.resize(4, '_');
  return out;
}

Bytes integer(std::uint64_t value) {
  if (value <= 1) {
    return {value == 0 ? kZeroOp : kOneOp};
  }
  Bytes out;
  if (value <= 0xff) {
    out.push_back(kBytePrefix);
    put_le(out, value, 1);
  } else if (value <= 0xffff) {
    out.push_back(kWordPrefix);
    put_le(out, value, 2);
  } else if (value <= 0xffffffff) {
    out.push_back(kDwordPrefix);
    put_le(out, value, 4);
  } else {
    out.push_back(kQwordPrefix);
    put_le(out, value, 8);
  }
  return out;
}

Bytes eisa_id(std::string_view id) {
  const auto letter = [&](std::size_t i) {
    return static_cast<std::uint32_t>(id[i] - 'A' + 1) & 0x1fU;
  };
  std::uint32_t value = letter(0) << 26U | letter(1) << 21U | letter(2) << 16U;
  for (std::size_t i = 3; i < 7; ++i) {
    const char c = id[i];
    const auto digit = static_cast<std::uint32_t>(c <= '9' ? c - '0' : c - 'A' + 10);
    value |= digit << (4U * (6U - static_cast<std::uint32_t>(i)));
  }
  // Stored big-endian inside a little-endian DWord.
  Bytes out{kDwordPrefix};
  put_le(out, __builtin_bswap32(value), 4);
  return out;
}

Bytes package_length(std::size_t body_bytes) {
  // One byte holds 6 bits; two, three, four bytes hold 12, 20, 28.
  if (body_bytes + 1 < (1U << 6U)) {
    return {static_cast<std::uint8_t>(body_bytes + 1)};
  }
  std::size_t extra = 1;
  while (body_bytes + 1 + extra >= (std::size_t{1} << (4 + 8 * extra))) {
    ++extra;
  }
  const std::size_t length = body_bytes + 1 + extra;
  Bytes out{static_cast<std::uint8_t>(extra << 6U | (length & 0xfU))};
  put_le(out, length >> 4U, extra);
  return out;
}

Bytes buffer(const Bytes& data) {
  const Bytes size = integer(data.size());
  return concat({{kBufferOp}, package_length(size.size() + data.size()), size, data});
}

Bytes package(std::initializer_list<Bytes> elements) {
  Bytes body{static_cast<std::uint8_t>(elements.size())};
  for (const Bytes& element : elements) {
    body.insert(body.end(), element.begin(), element.end());
  }
  return concat({{kPackageOp}, package_length(body.size()), body});
}

Bytes name(std::string_view name, const Bytes& value) {
  return concat({{kNameOp}, name_segment(name), value});
}

Bytes device(std::string_view name, const Bytes& body) {
  return concat(
      {{kExtOpPrefix, kDeviceOp}, package_length(4 + body.size()), name_segment(name), body});
}

Bytes scope_system_bus(const Bytes& body) {
  return concat(
      {{kScopeOp}, package_length(5 + body.size()), {kRootChar}, name_segment("_SB"), body});
}

Bytes word_bus_number(std::uint16_t first, std::uint16_t last) {
  return address_space(kWordAddressSpace, 2, kTypeBus, 0, first, last);
}

Bytes io_ports(std::uint16_t first, std::uint8_t count) {
  Bytes out{0x47, 0x01}; // I/O port descriptor, 16-bit decode
  put_le(out, first, 2);
  put_le(out, first, 2);
  out.push_back(1);
  out.push_back(count);
  return out;
}

Bytes word_io(std::uint16_t first, std::uint16_t last) {
  return address_space(kWordAddressSpace, 2, kTypeIo, kIoEntireRange, first, last);
}

Bytes dword_memory(std::uint32_t first, std::uint32_t last) {
  return address_space(kDwordAddressSpace, 4, kTypeMemory, kMemoryReadWrite, first, last);
}

Bytes end_tag() {
  return {0x79, 0x00}; // checksum 0: "treat as correct"
}

} // namespace schedrig::kvm::aml
