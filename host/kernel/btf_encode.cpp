// SPDX-License-Identifier: MIT
#include "host/kernel/btf_encode.hpp"

#include <cerrno>
#include <memory>
#include <string>

#include <bpf/btf.h>

#include <schedrig/export.hpp>

namespace schedrig::kernel {
namespace {

constexpr std::uint32_t kBitsOfByte = 8;
constexpr int kIndexType = 1;

struct FreeBtf {
  void operator()(btf* types) const { btf__free(types); }
};

int add_member(btf* types, BtfKind kind, const BtfMember& member) {
  const std::string name(member.name);
  const auto type = static_cast<int>(member.type);
  if (kind == BtfKind::kEnum) {
    return btf__add_enum_value(types, name.c_str(), member.value);
  }
  if (kind == BtfKind::kSection) {
    const auto bytes = btf__resolve_size(types, member.type);
    return bytes < 0 ? static_cast<int>(bytes)
                     : btf__add_datasec_var_info(types, type, member.value,
                                                 static_cast<std::uint32_t>(bytes));
  }
  return btf__add_field(types, name.c_str(), type, member.value * kBitsOfByte, 0);
}

int with_members(btf* types, int made, const BtfType& type) {
  for (const BtfMember& member : type.members) {
    const int added = made < 0 ? made : add_member(types, type.kind, member);
    made = added < 0 ? added : made;
  }
  return made;
}

// What libbpf returns: the type's number, or a negative errno.
int add_type(btf* types, const BtfType& type) {
  const std::string text(type.name);
  const char* const name = text.c_str();
  const auto of = static_cast<int>(type.type);
  switch (type.kind) {
  case BtfKind::kInteger:
    return btf__add_int(types, name, type.bytes, 0);
  case BtfKind::kSigned:
    return btf__add_int(types, name, type.bytes, BTF_INT_SIGNED);
  case BtfKind::kChar:
    return btf__add_int(types, name, type.bytes, BTF_INT_CHAR);
  case BtfKind::kPointer:
    return btf__add_ptr(types, of);
  case BtfKind::kArray:
    return btf__add_array(types, kIndexType, of, type.count);
  case BtfKind::kVariable:
    return btf__add_var(types, name, BTF_VAR_GLOBAL_ALLOCATED, of);
  case BtfKind::kStruct:
    return with_members(types, btf__add_struct(types, name, type.bytes), type);
  case BtfKind::kEnum:
    return with_members(types, btf__add_enum(types, name, type.bytes), type);
  case BtfKind::kSection:
    return with_members(types, btf__add_datasec(types, name, type.bytes), type);
  }
  return -EINVAL;
}

} // namespace

Result<Bytes> encode_btf(std::span<const BtfType> types) {
  const std::unique_ptr<btf, FreeBtf> all(btf__new_empty());
  if (!all) {
    return fail(StatusCode::kOs, "libbpf has no memory for types");
  }
  for (std::size_t i = 0; i < types.size(); ++i) {
    const int made = add_type(all.get(), types[i]);
    if (made != static_cast<int>(i + 1)) {
      return fail(StatusCode::kInvalidArgument,
                  "type " + std::to_string(i + 1) + " (" + std::string(types[i].name) +
                      ") cannot be encoded: libbpf says " + std::to_string(made));
    }
  }
  std::uint32_t size = 0;
  const auto* const data = static_cast<const std::byte*>(btf__raw_data(all.get(), &size));
  if (data == nullptr) {
    return fail(StatusCode::kOs, "libbpf has no memory for types");
  }
  return Bytes(data, data + size);
}

Status LibbpfEncoder::encode(std::span<const BtfType> types, BytesSink& sink) noexcept {
  return guard("encode types", [&]() -> Result<> {
    const Bytes blob = TRY(encode_btf(types));
    sink.on_bytes({reinterpret_cast<const std::uint8_t*>(blob.data()), blob.size()});
    return {};
  });
}

} // namespace schedrig::kernel
