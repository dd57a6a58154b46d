// SPDX-License-Identifier: MIT
// ObjectImage: the bytes of a BPF object (ELF, relocatable) and its operations sections: the
// initial values of `struct sched_ext_ops` variables, and which function each pointer in them
// means.
//
// Libraries differ in what they make of these sections: one does not know `.struct_ops.link`,
// another insists on every member. Here they get another name, under which none of them touches
// them. Bounds are checked. Errors: kOs, kBadData, kUnsupported (not for this BPF). Thread: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <schedrig/result.hpp>

namespace schedrig::scx {

struct FunctionPointer {
  std::uint64_t offset = 0; // in the section
  std::string function;
};

struct OpsSection {
  std::string name; // as the image and its BTF spell it now
  std::string data;
  std::vector<FunctionPointer> pointers;
};

// Of the image; both are within it.
struct SectionRange {
  std::size_t offset = 0;
  std::size_t size = 0;
};

// Something that the object uses and does not define.
struct ExternSymbol {
  std::string name;
  bool weak = false; // may be missing
};

struct ObjectImage {
  std::string bytes;
  std::vector<OpsSection> ops;
  std::vector<ExternSymbol> externs;
  std::vector<SectionRange> name_tables; // of symbols, and the BTF
  SectionRange btf;                      // empty: there is none
};

// The largest object that is read; the verifier takes none of this size.
inline constexpr std::uint64_t kMaxObjectBytes = 256ULL << 20U;

[[nodiscard]] Result<ObjectImage> read_object(const std::string& path);
// Of a file's content; `path` for messages.
[[nodiscard]] Result<ObjectImage> parse_object(std::string bytes, const std::string& path);

} // namespace schedrig::scx
