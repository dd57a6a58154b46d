// SPDX-License-Identifier: MIT
#include "host/text/nearest.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

#include "host/text/quote.hpp"

namespace schedrig::text {
namespace {

constexpr std::size_t kLongestWord = 64;
constexpr std::size_t kListed = 40;

} // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(last.begin(), last.end(), 0);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substitution = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, substitution});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before_last[j - 2] + 1);
      }
    }
    before_last.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

std::optional<std::string_view> nearest(std::string_view word,
                                        std::span<const std::string_view> names) {
  if (word.empty() || word.size() > kLongestWord) {
    return std::nullopt;
  }
  const std::size_t limit = std::max<std::size_t>(1, word.size() / 3);
  std::optional<std::string_view> best;
  std::size_t best_distance = limit + 1;
  for (const std::string_view name : names) {
    if (name.size() > word.size() + limit || word.size() > name.size() + limit) {
      continue;
    }
    const std::size_t distance = edit_distance(word, name);
    if (distance < best_distance) {
      best = name;
      best_distance = distance;
    }
  }
  return best;
}

std::string suggest(std::string_view word, std::span<const std::string_view> names,
                    std::string_view what) {
  if (const auto name = nearest(word, names)) {
    return "did you mean " + quote(*name) + "?";
  }
  std::string list = std::string(what) + ": ";
  if (names.empty()) {
    return list + "there are none";
  }
  for (std::size_t i = 0; i < std::min(names.size(), kListed); ++i) {
    list += (i == 0 ? "" : ", ") + printable(names[i]);
  }
  return names.size() > kListed ? list + ", ..." : list;
}

} // namespace schedrig::text
