// SPDX-License-Identifier: MIT
#include "host/kernel/btf_render.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>
#include <utility>

#include "host/kernel/btf_types_impl.hpp"
#include "host/text/hex.hpp"
#include "host/text/quote.hpp"

namespace schedrig::kernel {
namespace {

using Raw = std::span<const std::uint8_t>;

constexpr char kCut[] = "...";

std::uint64_t low_bytes(Raw bytes, std::uint64_t count) {
  std::uint64_t value = 0;
  std::memcpy(&value, bytes.data(), std::min<std::uint64_t>({count, sizeof value, bytes.size()}));
  return value;
}

std::uint64_t low_bits(std::uint64_t value, std::uint32_t bits) {
  return bits >= 64 ? value : value & ((1ULL << bits) - 1);
}

std::int64_t with_sign(std::uint64_t value, std::uint32_t bits) {
  const std::uint32_t unused = bits >= 64 || bits == 0 ? 0 : 64 - bits;
  return static_cast<std::int64_t>(value << unused) >> unused;
}

// What an array of characters says, if that can be shown.
std::optional<std::string> printable_text(Raw bytes) {
  const std::string text(bytes.begin(), std::ranges::find(bytes, std::uint8_t{0}));
  const bool padded = std::all_of(bytes.begin() + static_cast<std::ptrdiff_t>(text.size()),
                                  bytes.end(), [](std::uint8_t byte) { return byte == 0; });
  return padded && text::printable(text) == text ? std::optional(text) : std::nullopt;
}

} // namespace

class BtfTypes::Renderer {
 public:
  Renderer(const Impl& types, const RenderOptions& options)
      : types_(types), options_(options), left_(options.values) {}

  json::Value value(TypeId id, Raw bytes, int depth) {
    id = types_.plain(id);
    const btf_type* type = types_.type(id);
    if (depth == 0 || left_ == 0) {
      return json::Value(kCut);
    }
    --left_;
    if (type == nullptr || id == 0) {
      return {};
    }
    if (btf_is_composite(type) || btf_is_datasec(type)) {
      return structure(id, bytes, depth);
    }
    if (btf_is_array(type)) {
      return array(*type, bytes, depth);
    }
    const std::int64_t size = types_.size_of(id);
    if (size <= 0 || static_cast<std::uint64_t>(size) > bytes.size()) {
      return {};
    }
    const Raw own = bytes.first(static_cast<std::size_t>(size));
    if (own.size() > sizeof(std::uint64_t)) {
      return wide(own);
    }
    return scalar(*type, low_bytes(own, own.size()), static_cast<std::uint32_t>(own.size() * 8));
  }

 private:
  json::Value scalar(const btf_type& type, std::uint64_t raw, std::uint32_t bits) const {
    if (btf_is_ptr(&type)) {
      const std::string name = options_.name_of_pointer ? options_.name_of_pointer(raw) : "";
      return json::Value(text::hex_number(raw) + (name.empty() ? "" : " " + name));
    }
    if (btf_is_enum(&type) || btf_is_enum64(&type)) {
      return enumerator(type, raw, bits);
    }
    if (btf_is_float(&type)) {
      return bits == 32 ? json::Value(static_cast<double>(
                              std::bit_cast<float>(static_cast<std::uint32_t>(raw))))
                        : json::Value(std::bit_cast<double>(raw));
    }
    if (!btf_is_int(&type)) {
      return {};
    }
    const std::uint32_t encoding = btf_int_encoding(&type);
    if ((encoding & BTF_INT_BOOL) != 0) {
      return raw <= 1 ? json::Value(raw == 1) : json::Value(raw);
    }
    return (encoding & BTF_INT_SIGNED) != 0 ? json::Value(with_sign(raw, bits)) : json::Value(raw);
  }

  json::Value enumerator(const btf_type& type, std::uint64_t raw, std::uint32_t bits) const {
    for (std::uint32_t i = 0; i < btf_vlen(&type); ++i) {
      std::uint64_t each = 0;
      std::uint32_t name = 0;
      if (btf_is_enum64(&type)) {
        each = btf_enum64_value(&btf_enum64(&type)[i]);
        name = btf_enum64(&type)[i].name_off;
      } else {
        each = static_cast<std::uint32_t>(btf_enum(&type)[i].val);
        name = btf_enum(&type)[i].name_off;
      }
      if (low_bits(each, bits) == raw) {
        return json::Value(types_.name_of(name));
      }
    }
    return btf_kflag(&type) ? json::Value(with_sign(raw, bits)) : json::Value(raw);
  }

  static json::Value wide(Raw bytes) {
    std::vector<std::uint8_t> highest_first(bytes.rbegin(), bytes.rend());
    return json::Value("0x" + text::format_hex_bytes(highest_first));
  }

  json::Value bit_field(const Impl::Found& place, Raw bytes) {
    const TypeId id = types_.plain(place.type);
    const btf_type* type = types_.type(id);
    const std::uint64_t first = place.bit_offset / 8;
    const auto shift = static_cast<std::uint32_t>(place.bit_offset % 8);
    const std::uint64_t needed = (shift + place.bits + 7) / 8;
    if (type == nullptr || left_ == 0 || first > bytes.size() || needed > bytes.size() - first ||
        place.bits > 64 - shift) { // no compiler makes one that spans nine bytes
      return {};
    }
    --left_;
    const std::uint64_t raw = low_bytes(bytes.subspan(first), needed) >> shift;
    return scalar(*type, low_bits(raw, place.bits), place.bits);
  }

  json::Value structure(TypeId id, Raw bytes, int depth) {
    json::Object members;
    Impl::Limits limits;
    types_.visit_members(id, 0, limits, [&](std::string_view name, const Impl::Found& place) {
      if (left_ == 0) {
        members.push_back({.key = kCut, .value = json::Value(kCut)});
        return true;
      }
      const std::uint64_t at = place.bit_offset / 8;
      json::Value shown;
      if (place.bits != 0) {
        shown = bit_field(place, bytes);
      } else if (at <= bytes.size()) {
        shown = value(place.type, bytes.subspan(at), depth - 1);
      }
      members.push_back({.key = std::string(name), .value = std::move(shown)});
      return false;
    });
    return json::Value(std::move(members));
  }

  [[nodiscard]] bool is_character(TypeId id) const {
    const btf_type* type = types_.type(types_.plain(id));
    return type != nullptr && btf_is_int(type) && type->size == 1 &&
           types_.name_of(type->name_off) == "char";
  }

  json::Value array(const btf_type& type, Raw bytes, int depth) {
    const struct btf_array& shape = *btf_array(&type);
    const std::int64_t size = types_.size_of(shape.type);
    if (size <= 0) {
      return json::Value(json::Array());
    }
    const std::uint64_t fit = bytes.size() / static_cast<std::uint64_t>(size);
    const std::uint64_t count = shape.nelems == 0 ? fit : shape.nelems;
    if (is_character(shape.type)) {
      if (auto text = printable_text(bytes.first(std::min(count, fit)))) {
        return json::Value(*std::move(text));
      }
    }
    json::Array elements;
    for (std::uint64_t i = 0; i < count; ++i) {
      if (i == options_.elements || left_ == 0) {
        elements.emplace_back(kCut);
        break;
      }
      elements.push_back(i < fit ? value(shape.type,
                                         bytes.subspan(i * static_cast<std::uint64_t>(size),
                                                       static_cast<std::size_t>(size)),
                                         depth - 1)
                                 : json::Value());
      if (i >= fit) {
        break; // as are all behind it
      }
    }
    return json::Value(std::move(elements));
  }

  const Impl& types_;
  const RenderOptions& options_;
  std::uint32_t left_;
};

json::Value BtfTypes::render(TypeId type, std::span<const std::uint8_t> bytes,
                             const RenderOptions& options) const {
  return Renderer(*impl_, options).value(type, bytes, options.depth);
}

Result<std::vector<Enumerator>> BtfTypes::enumerators(std::string_view enumeration) const {
  for (TypeId id = 1; id < impl_->type_count(); ++id) {
    const btf_type* type = impl_->type(id);
    if (type == nullptr || !btf_is_enum(type) || impl_->name_of(type->name_off) != enumeration) {
      continue;
    }
    std::vector<Enumerator> all;
    for (std::uint32_t i = 0; i < btf_vlen(type); ++i) {
      all.push_back({.name = std::string(impl_->name_of(btf_enum(type)[i].name_off)),
                     .value = btf_enum(type)[i].val});
    }
    return all;
  }
  return fail(StatusCode::kNotFound, "the kernel has no enumeration " + text::quote(enumeration));
}

namespace {

void append_text(const json::Value& value, std::string& to);

struct AppendText {
  std::string& to;

  void operator()(std::nullptr_t) const { to += "(none)"; }
  void operator()(bool value) const { to += value ? "true" : "false"; }
  void operator()(double value) const { to += std::to_string(value); }
  void operator()(std::int64_t value) const { to += std::to_string(value); }
  void operator()(std::uint64_t value) const { to += std::to_string(value); }
  void operator()(const std::string& value) const { to += text::quote(value); }
  void operator()(const json::Array& elements) const {
    const char* before = "[";
    for (const json::Value& element : elements) {
      to += std::exchange(before, ", ");
      append_text(element, to);
    }
    to += elements.empty() ? "[]" : "]";
  }
  void operator()(const json::Object& members) const {
    const char* before = "{ .";
    for (const json::Member& member : members) {
      to += std::exchange(before, ", .") + member.key + " = ";
      append_text(member.value, to);
    }
    to += members.empty() ? "{}" : " }";
  }
};

void append_text(const json::Value& value, std::string& to) {
  value.visit(AppendText{to});
}

} // namespace

std::string to_text(const json::Value& rendered) {
  std::string text;
  append_text(rendered, text);
  return text;
}

} // namespace schedrig::kernel
