// SPDX-License-Identifier: MIT
// Implementation of the BTF reader on libbpf.
#include "host/kernel/btf.hpp"

#include <cerrno>
#include <cstdarg>
#include <memory>
#include <string_view>

#include <bpf/btf.h>
#include <bpf/libbpf.h>

namespace schedrig::kernel {
namespace {

struct FreeBtf {
  void operator()(btf* blob) const { btf__free(blob); }
};

// libbpf speaks on stderr unless told not to; what it says reaches the user as our error.
int silent(enum libbpf_print_level /*level*/, const char* /*format*/, va_list /*args*/) {
  return 0;
}

std::string_view name_of(const btf* blob, std::uint32_t offset) {
  const char* name = btf__name_by_offset(blob, offset);
  return name == nullptr ? std::string_view{} : std::string_view(name);
}

// Is this type `struct bpf_prog_aux *`?
bool is_prog_aux_pointer(const btf* blob, std::uint32_t id) {
  const btf_type* type = btf__type_by_id(blob, id);
  if (type == nullptr || btf_kind(type) != BTF_KIND_PTR) {
    return false;
  }
  const btf_type* target = btf__type_by_id(blob, type->type);
  while (target != nullptr && (btf_kind(target) == BTF_KIND_CONST)) {
    target = btf__type_by_id(blob, target->type);
  }
  return target != nullptr &&
         (btf_kind(target) == BTF_KIND_STRUCT || btf_kind(target) == BTF_KIND_FWD) &&
         name_of(blob, target->name_off) == "bpf_prog_aux";
}

bool takes_implicit_argument(const btf* blob, const btf_type* function) {
  const btf_type* proto = btf__type_by_id(blob, function->type);
  if (proto == nullptr || btf_kind(proto) != BTF_KIND_FUNC_PROTO || btf_vlen(proto) == 0) {
    return false;
  }
  return is_prog_aux_pointer(blob, btf_params(proto)[btf_vlen(proto) - 1].type);
}

} // namespace

Result<BtfFacts> read_btf_facts(ByteView data) {
  libbpf_set_print(silent);
  if (data.empty() || data.size() > UINT32_MAX) {
    return fail(StatusCode::kBadData, "btf of " + std::to_string(data.size()) + " bytes");
  }
  const std::unique_ptr<btf, FreeBtf> blob(
      btf__new(data.data(), static_cast<std::uint32_t>(data.size())));
  if (blob == nullptr) {
    const int reason = errno;
    return fail(StatusCode::kBadData, "libbpf cannot read the btf of " +
                                          std::to_string(data.size()) + " bytes (errno " +
                                          std::to_string(reason) + ")");
  }
  BtfFacts facts;
  facts.types = btf__type_cnt(blob.get());
  if (btf__find_by_name_kind(blob.get(), "sched_ext_ops", BTF_KIND_STRUCT) <= 0) {
    return facts;
  }
  facts.sched_ext = SchedExtBtf::kWhole;
  for (std::uint32_t id = 1; id < facts.types; ++id) {
    const btf_type* type = btf__type_by_id(blob.get(), id);
    if (type == nullptr || btf_kind(type) != BTF_KIND_FUNC) {
      continue;
    }
    const std::string_view name = name_of(blob.get(), type->name_off);
    if (!name.starts_with("scx_bpf_") || name.ends_with("_impl") ||
        !takes_implicit_argument(blob.get(), type)) {
      continue;
    }
    const std::string wanted = std::string(name) + "_impl";
    if (btf__find_by_name_kind(blob.get(), wanted.c_str(), BTF_KIND_FUNC) <= 0) {
      facts.sched_ext = SchedExtBtf::kBroken;
      // Of all that are missing, the one that schedulers meet first says most.
      if (facts.missing.empty() || name == "scx_bpf_create_dsq") {
        facts.missing = wanted;
      }
    }
  }
  return facts;
}

} // namespace schedrig::kernel
