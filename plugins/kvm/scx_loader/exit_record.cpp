// SPDX-License-Identifier: MIT
#include "scx_loader/exit_record.hpp"

#include <algorithm>
#include <cstring>

#include <bpf/bpf.h>

#include "scx_loader/btf_names.hpp"

namespace schedrig::scx {
namespace {

std::int64_t number_in(const std::string& bytes) {
  std::int64_t number = 0;
  std::memcpy(&number, bytes.data(), std::min(bytes.size(), sizeof number));
  return number;
}

std::string text_in(const std::string& bytes) {
  return bytes.substr(0, bytes.find('\0'));
}

} // namespace

ExitRecord::ExitRecord(const bpf_object& object)
    : object_(object), record_(find_variable(object, "uei")),
      dump_(find_variable(object, "uei_dump")) {
  if (record_ && !btf_is_struct(record_->type)) {
    record_.reset();
  }
}

std::string ExitRecord::value_of(const Variable& variable) const {
  std::string whole(bpf_map__value_size(variable.map), '\0');
  const std::uint32_t zero = 0;
  if (::bpf_map_lookup_elem(bpf_map__fd(variable.map), &zero, whole.data()) != 0 ||
      variable.offset >= whole.size()) {
    return {};
  }
  return whole.substr(variable.offset, variable.size);
}

std::string ExitRecord::member(const btf_type& type, const std::string& value,
                               std::string_view name) const {
  const btf& types = *bpf_object__btf(&object_);
  const auto index = member_index(types, type, name);
  if (!index) {
    return {};
  }
  const std::size_t at = btf_member_bit_offset(&type, *index) / 8;
  const std::int64_t size = btf__resolve_size(&types, btf_members(&type)[*index].type);
  return size < 0 || at > value.size() ? std::string()
                                       : value.substr(at, static_cast<std::size_t>(size));
}

std::optional<ExitInfo> ExitRecord::read() const {
  if (!record_) {
    return std::nullopt;
  }
  const btf_type& type = *record_->type;
  const std::string record = value_of(*record_);
  ExitInfo info;
  info.kind = number_in(member(type, record, "kind"));
  if (info.kind == 0) {
    return std::nullopt;
  }
  info.code = number_in(member(type, record, "exit_code"));
  info.reason = text_in(member(type, record, "reason"));
  info.message = text_in(member(type, record, "msg"));
  if (dump_) {
    info.dump = text_in(value_of(*dump_));
  }
  return info;
}

} // namespace schedrig::scx
