// SPDX-License-Identifier: MIT
#include "template/sections.hpp"

#include <cstring>
#include <string>

#include "channel/byte_codec.hpp"
#include "channel/crc32.hpp"

namespace schedrig::kvm {
namespace {

constexpr std::size_t kHeaderBytes = 24;
constexpr std::size_t kCrcBytes = 4;
constexpr std::size_t kTypeAndLengthBytes = 12;
constexpr std::size_t kSectionHeaderBytes = kCrcBytes + kTypeAndLengthBytes;

std::unexpected<Error> damaged(const std::string& what) {
  return fail(StatusCode::kBadData, "saved machine: " + what,
              "nothing need be done: the next boot makes another");
}

} // namespace

Bytes write_sections(const Sections& sections) {
  std::uint64_t total = kHeaderBytes;
  for (const auto& [type, payload] : sections) {
    total += kSectionHeaderBytes + payload.size();
  }
  Bytes file;
  file.reserve(total);
  ByteWriter out(file);
  out.put(kSectionsMagic);
  out.put(kSectionsVersion);
  out.put(static_cast<std::uint32_t>(sections.size()));
  out.put(total);
  for (const auto& [type, payload] : sections) {
    const std::size_t at = file.size();
    out.put(std::uint32_t{0}); // the CRC, when it is known
    out.put(type);
    out.put(static_cast<std::uint64_t>(payload.size()));
    file.insert(file.end(), payload.begin(), payload.end());
    const std::uint32_t crc = crc32(ByteView(file).subspan(at + kCrcBytes));
    std::memcpy(file.data() + at, &crc, sizeof crc);
  }
  return file;
}

Result<SectionViews> read_sections(ByteView file) {
  if (file.size() < kHeaderBytes) {
    return damaged("cut short, " + std::to_string(file.size()) + " bytes");
  }
  ByteReader header(file.first(kHeaderBytes));
  if (header.get<std::uint64_t>() != kSectionsMagic) {
    return damaged("no such file");
  }
  if (const auto version = header.get<std::uint32_t>(); version != kSectionsVersion) {
    return damaged("format " + std::to_string(version) + ", need " +
                   std::to_string(kSectionsVersion));
  }
  const auto count = header.get<std::uint32_t>();
  if (const auto total = header.get<std::uint64_t>(); total != file.size()) {
    return damaged(std::to_string(file.size()) + " bytes of " + std::to_string(total));
  }
  SectionViews sections;
  ByteView rest = file.subspan(kHeaderBytes);
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::string name = "section " + std::to_string(i + 1);
    if (rest.size() < kSectionHeaderBytes) {
      return damaged(name + " is cut short");
    }
    ByteReader section(rest.first(kSectionHeaderBytes));
    const auto crc = section.get<std::uint32_t>();
    const auto type = section.get<std::uint32_t>();
    const auto length = section.get<std::uint64_t>();
    if (length > rest.size() - kSectionHeaderBytes) {
      return damaged(name + " is cut short");
    }
    if (crc32(rest.subspan(kCrcBytes, kTypeAndLengthBytes + length)) != crc) {
      return damaged(name + " has another CRC");
    }
    if (!sections.empty() && type <= sections.rbegin()->first) {
      return damaged(name + " is out of order");
    }
    sections.emplace(type, rest.subspan(kSectionHeaderBytes, length));
    rest = rest.subspan(kSectionHeaderBytes + length);
  }
  if (!rest.empty()) {
    return damaged(std::to_string(rest.size()) + " bytes behind the last section");
  }
  return sections;
}

} // namespace schedrig::kvm
