// SPDX-License-Identifier: MIT
#include "host/kernel_view/symbols.hpp"

#include <algorithm>
#include <numeric>

#include "host/text/nearest.hpp"
#include "host/text/quote.hpp"

namespace schedrig::kernel_view {
namespace {

bool is_global(char type) {
  return type >= 'A' && type <= 'Z';
}

} // namespace

void Symbols::add(std::uint64_t address, char type, std::string_view name) {
  name = name.substr(0, UINT16_MAX);
  entries_.push_back({.address = address,
                      .name_at = static_cast<std::uint32_t>(names_.size()),
                      .name_size = static_cast<std::uint16_t>(name.size()),
                      .type = type});
  names_ += name;
}

void Symbols::finish() {
  std::ranges::stable_sort(entries_, {}, &Entry::address);
  by_name_.resize(entries_.size());
  std::iota(by_name_.begin(), by_name_.end(), 0U);
  std::ranges::stable_sort(by_name_, {}, [this](std::uint32_t i) { return name_of(entries_[i]); });
}

Result<std::uint64_t> Symbols::address_of(std::string_view name) const {
  const auto named = std::ranges::equal_range(
      by_name_, name, {}, [this](std::uint32_t i) { return name_of(entries_[i]); });
  if (named.empty()) {
    std::vector<std::string_view> names;
    names.reserve(entries_.size());
    std::ranges::transform(entries_, std::back_inserter(names),
                           [this](const Entry& entry) { return name_of(entry); });
    const auto nearest = text::nearest(name, names);
    return fail(StatusCode::kNotFound, "the kernel has no symbol " + text::quote(name),
                nearest ? "did you mean " + text::quote(*nearest) + "?" : "");
  }
  const auto address = [this](std::uint32_t i) { return entries_[i].address; };
  std::optional<std::uint64_t> global;
  bool several = false;
  for (const std::uint32_t i : named) {
    if (is_global(entries_[i].type)) {
      several = several || (global && *global != address(i));
      global = address(i);
    }
  }
  if (global && !several) {
    return *global;
  }
  const std::uint64_t first = address(named.front());
  if (std::ranges::all_of(named, [&](std::uint32_t i) { return address(i) == first; })) {
    return first;
  }
  return fail(StatusCode::kInvalidArgument,
              std::to_string(named.size()) + " symbols of the kernel are named " +
                  text::quote(name),
              "name the place by its address (kva)");
}

std::optional<Symbols::Place> Symbols::place_of(std::uint64_t address) const {
  const auto behind = std::ranges::upper_bound(entries_, address, {}, &Entry::address);
  if (behind == entries_.begin()) {
    return std::nullopt;
  }
  const std::uint64_t start = std::prev(behind)->address;
  const auto first = std::ranges::lower_bound(entries_.begin(), behind, start, {}, &Entry::address);
  const auto global =
      std::find_if(first, behind, [](const Entry& entry) { return is_global(entry.type); });
  return Place{.name = name_of(global == behind ? *first : *global), .offset = address - start};
}

} // namespace schedrig::kernel_view
