// SPDX-License-Identifier: MIT
// Symbols: the names of a kernel's code and data with their addresses, by name and by address.
//
// Addresses are the linker's; what the running kernel adds to them (KASLR) is the caller's
// business. Some 200,000 symbols of 30 bytes each. Ownership: values; names live as long as the
// table. Thread: any, once built.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <schedrig/result.hpp>

namespace schedrig::kernel_view {

struct Symbol {
  std::uint64_t address = 0;
  std::string_view name;
  char type = '?'; // as of nm(1): T text, D data, B bss, R read-only, A absolute; lower case: local
};

class Symbols {
 public:
  // In any order; a name may come several times, as those of local symbols do.
  void add(std::uint64_t address, char type, std::string_view name);
  // Once, behind the last add() and before the first look.
  void finish();

  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
  // Ascending by address; index < size().
  [[nodiscard]] Symbol at(std::size_t index) const { return symbol(entries_[index]); }

  // kNotFound with the nearest name; kInvalidArgument when several symbols with different addresses
  // have it and it is global for none or several of them.
  [[nodiscard]] Result<std::uint64_t> address_of(std::string_view name) const;

  // The symbol that `address` lies in or behind, a global one where several begin together; nothing
  // below the first.
  struct Place {
    std::string_view name;
    std::uint64_t offset = 0;
  };
  [[nodiscard]] std::optional<Place> place_of(std::uint64_t address) const;

 private:
  struct Entry {
    std::uint64_t address;
    std::uint32_t name_at;
    std::uint16_t name_size;
    char type;
  };

  [[nodiscard]] std::string_view name_of(const Entry& entry) const {
    return std::string_view(names_).substr(entry.name_at, entry.name_size);
  }
  [[nodiscard]] Symbol symbol(const Entry& entry) const {
    return {.address = entry.address, .name = name_of(entry), .type = entry.type};
  }

  std::string names_; // one behind the other
  std::vector<Entry> entries_;
  std::vector<std::uint32_t> by_name_; // indices of entries_
};

} // namespace schedrig::kernel_view
