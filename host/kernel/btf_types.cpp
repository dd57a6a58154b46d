// SPDX-License-Identifier: MIT
#include "host/kernel/btf_types.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>
#include <vector>

#include <bpf/libbpf.h>

#include "host/kernel/btf_types_impl.hpp"
#include "host/text/nearest.hpp"
#include "host/text/quote.hpp"

namespace schedrig::kernel {
namespace {

Result<BtfStep> parse_step(std::string_view text) {
  BtfStep step{.name = text.substr(0, text.find('[')), .index = {}};
  if (step.name.size() == text.size() && !text.empty()) {
    return step;
  }
  std::uint32_t index = 0;
  const char* const end = text.data() + text.size();
  const auto [last, error] =
      std::from_chars(text.data() + std::min(text.size(), step.name.size() + 1), end, index);
  if (step.name.empty() || error != std::errc() || last + 1 != end || *last != ']') {
    return fail(StatusCode::kInvalidArgument, text::quote(text) + " is no member of a path",
                "write names with dots between them, [n] behind one that is an array");
  }
  step.index = index;
  return step;
}

} // namespace

std::uint32_t BtfTypes::Impl::plain(std::uint32_t id) const {
  const btf_type* seen = type(id);
  for (int i = 0; i < kBtfMaxDepth && seen != nullptr && (btf_is_mod(seen) || btf_is_typedef(seen));
       ++i) {
    id = seen->type;
    seen = type(id);
  }
  return id;
}

std::string BtfTypes::Impl::spell(std::uint32_t id, int depth) const {
  const btf_type* seen = type(id);
  if (seen == nullptr || id == 0 || depth == kBtfMaxDepth) {
    return "void";
  }
  if (btf_is_array(seen)) {
    const struct btf_array* array = btf_array(seen);
    return spell(array->type, depth + 1) + "[" + std::to_string(array->nelems) + "]";
  }
  if (btf_is_ptr(seen)) {
    return "pointer";
  }
  if (btf_is_mod(seen)) {
    return spell(seen->type, depth + 1);
  }
  const std::string name(name_of(seen->name_off));
  if (btf_is_composite(seen)) {
    return (btf_is_union(seen) ? "union " : "struct ") + (name.empty() ? "(anonymous)" : name);
  }
  return name;
}

Result<std::uint32_t> BtfTypes::Impl::structure(std::string_view name) const {
  const std::string text(name.starts_with("struct ") ? name.substr(7) : name);
  for (const std::uint32_t kind : {BTF_KIND_STRUCT, BTF_KIND_UNION}) {
    if (const int id = btf__find_by_name_kind(types_.get(), text.c_str(), kind); id > 0) {
      return static_cast<std::uint32_t>(id);
    }
  }
  std::vector<std::string_view> names;
  for (std::uint32_t id = 1; id < type_count(); ++id) {
    if (btf_is_composite(type(id))) {
      names.push_back(name_of(type(id)->name_off));
    }
  }
  const auto nearest = text::nearest(text, names);
  return fail(StatusCode::kNotFound, "the kernel has no structure " + text::quote(text),
              nearest ? "did you mean " + text::quote(*nearest) + "?" : "");
}

std::optional<BtfTypes::Impl::Found> BtfTypes::Impl::member(std::uint32_t structure,
                                                            std::string_view name) const {
  std::optional<Found> found;
  Limits limits;
  visit_members(structure, 0, limits, [&](std::string_view each, const Found& place) {
    found = each == name ? std::optional(place) : std::nullopt;
    return found.has_value();
  });
  return found;
}

std::unexpected<Error> BtfTypes::Impl::no_member(std::uint32_t structure,
                                                 std::string_view name) const {
  std::vector<std::string_view> names;
  Limits limits;
  visit_members(structure, 0, limits, [&](std::string_view each, const Found& /*place*/) {
    names.push_back(each);
    return false;
  });
  if (names.empty()) {
    return fail(StatusCode::kInvalidArgument,
                spell(structure) + " has no members, so no " + text::quote(name));
  }
  return fail(StatusCode::kNotFound, spell(structure) + " has no member " + text::quote(name),
              text::suggest(name, names, "members"));
}

Result<BtfTypes::Impl::Found> BtfTypes::Impl::element(const Found& array,
                                                      const BtfStep& step) const {
  const std::uint32_t id = plain(array.type);
  const btf_type* seen = type(id);
  if (seen == nullptr || !btf_is_array(seen)) {
    return fail(StatusCode::kInvalidArgument,
                text::quote(step.name) + " is a " + spell(id) + ", not an array");
  }
  const struct btf_array* shape = btf_array(seen);
  const std::int64_t bytes = size_of(shape->type);
  if (*step.index >= shape->nelems || bytes < 0) {
    return fail(StatusCode::kInvalidArgument,
                text::quote(step.name) + " has " + std::to_string(shape->nelems) +
                    " elements, so no [" + std::to_string(*step.index) + "]");
  }
  return Found{.type = shape->type,
               .bit_offset = array.bit_offset +
                             std::uint64_t{*step.index} * static_cast<std::uint64_t>(bytes) * 8,
               .bits = 0};
}

Result<FieldPlace> BtfTypes::Impl::field(std::uint32_t id, std::string_view path) const {
  Found at{.type = id, .bit_offset = 0, .bits = 0};
  while (true) {
    const std::string_view text = path.substr(0, path.find('.'));
    const BtfStep step = TRY(parse_step(text));
    const std::uint32_t structure = plain(at.type);
    const auto found = member(structure, step.name);
    if (!found) {
      return no_member(structure, step.name);
    }
    const std::uint64_t before = at.bit_offset;
    at = *found;
    at.bit_offset += before;
    if (step.index) {
      at = TRY(element(at, step));
    }
    if (text.size() == path.size()) {
      break;
    }
    path.remove_prefix(text.size() + 1);
  }
  const std::int64_t bytes = size_of(at.type);
  if (bytes < 0) {
    return fail(StatusCode::kBadData, "the kernel's BTF gives " + spell(at.type) + " no size");
  }
  FieldPlace place{.offset = at.bit_offset / 8,
                   .bytes = static_cast<std::uint64_t>(bytes),
                   .first_bit = 0,
                   .bits = at.bits,
                   .type = spell(at.type),
                   .type_id = at.type};
  if (at.bits != 0 && bytes != 0) { // in the storage unit that it lies in
    place.offset = place.offset / place.bytes * place.bytes;
    place.first_bit = static_cast<std::uint32_t>(at.bit_offset - place.offset * 8);
  }
  return place;
}

BtfTypes::BtfTypes(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
BtfTypes::~BtfTypes() = default;
BtfTypes::BtfTypes(BtfTypes&& other) noexcept = default;
BtfTypes& BtfTypes::operator=(BtfTypes&& other) noexcept = default;

Result<BtfTypes> BtfTypes::read(ByteView btf) {
  libbpf_set_print(nullptr); // what it says reaches the user as our error
  struct btf* types = btf__new(btf.data(), static_cast<std::uint32_t>(btf.size()));
  if (types == nullptr) {
    auto error = fail_errno(errno, "read a BTF of " + std::to_string(btf.size()) + " bytes");
    error.error().code = StatusCode::kBadData; // the errno is libbpf's word for what is wrong in it
    return error;
  }
  return BtfTypes(std::make_unique<Impl>(types));
}

Result<std::uint64_t> BtfTypes::size_of(std::string_view structure) const {
  const std::uint32_t id = TRY(impl_->structure(structure));
  return impl_->type(id)->size;
}

Result<std::uint64_t> BtfTypes::size_of(TypeId type) const {
  const std::int64_t bytes = impl_->size_of(type);
  if (bytes < 0) {
    return fail(StatusCode::kBadData, "type " + std::to_string(type) + " of the BTF has no size");
  }
  return static_cast<std::uint64_t>(bytes);
}

Result<TypeId> BtfTypes::structure(std::string_view name) const {
  return impl_->structure(name);
}

Result<FieldPlace> BtfTypes::field(std::string_view structure, std::string_view path) const {
  const TypeId id = TRY(impl_->structure(structure));
  return impl_->field(id, path);
}

Result<FieldPlace> BtfTypes::field(TypeId structure, std::string_view path) const {
  return impl_->field(structure, path);
}

Result<TypeId> BtfTypes::pointee(TypeId pointer) const {
  const btf_type* type = impl_->type(impl_->plain(pointer));
  if (type == nullptr || !btf_is_ptr(type)) {
    return fail(StatusCode::kInvalidArgument, impl_->spell(pointer) + " is no pointer");
  }
  return type->type;
}

} // namespace schedrig::kernel
