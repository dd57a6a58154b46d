// SPDX-License-Identifier: MIT
#include "tests/support/ktap_parser.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace schedrig::test {
namespace {

constexpr std::string_view kVersion = "KTAP version 1";
constexpr std::array<std::string_view, 5> kDirectives = {"SKIP", "TODO", "XFAIL", "TIMEOUT",
                                                         "ERROR"};

class Parser {
 public:
  explicit Parser(std::string_view text) {
    while (!text.empty()) {
      const std::size_t n = text.find('\n');
      whole_ = n != std::string_view::npos;
      lines_.push_back(text.substr(0, n));
      text.remove_prefix(std::min(n, text.size() - 1) + 1);
    }
  }

  Result<std::vector<KtapResult>> document() {
    auto results = TRY(level(0));
    if (at_ != lines_.size()) {
      return bad("something follows the last result");
    }
    if (!whole_) {
      return bad("the last line has no end");
    }
    return results;
  }

 private:
  [[nodiscard]] std::unexpected<Error> bad(const std::string& what) const {
    return fail(StatusCode::kBadData, "KTAP line " + std::to_string(at_ + 1) + ": " + what);
  }

  // The line at work without its indentation; absent when it is not of this level.
  [[nodiscard]] std::string_view line(std::size_t depth) const {
    const std::string indent(2 * depth, ' ');
    if (at_ >= lines_.size() || !lines_[at_].starts_with(indent)) {
      return {};
    }
    return lines_[at_].substr(indent.size());
  }

  void take_diagnostics(std::size_t depth, std::vector<std::string>& to) {
    for (; line(depth).starts_with("# "); ++at_) {
      to.emplace_back(line(depth).substr(2));
    }
  }

  Result<std::vector<KtapResult>> level(std::size_t depth) {
    if (line(depth) != kVersion) {
      return bad("no version line");
    }
    ++at_;
    std::vector<std::string> header;
    take_diagnostics(depth, header);
    std::string_view plan = line(depth);
    if (!plan.starts_with("1..")) {
      return bad("no plan");
    }
    plan.remove_prefix(3);
    const std::size_t count = TRY(number(plan));
    ++at_;
    std::vector<KtapResult> results;
    for (std::size_t i = 1; i <= count; ++i) {
      KtapResult one;
      one.diagnostics = i == 1 ? header : std::vector<std::string>();
      take_diagnostics(depth, one.diagnostics);
      if (line(depth + 1) == kVersion) {
        one.subtests = TRY(level(depth + 1));
        take_diagnostics(depth, one.diagnostics);
      }
      TRY(result(line(depth), i, one));
      ++at_;
      results.push_back(std::move(one));
    }
    return results;
  }

  // A number and nothing else.
  Result<std::size_t> number(std::string_view text) const {
    std::size_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) {
      return bad("no number: " + std::string(text));
    }
    return value;
  }

  Result<> result(std::string_view text, std::size_t expected, KtapResult& to) const {
    to.ok = text.starts_with("ok ");
    if (!to.ok && !text.starts_with("not ok ")) {
      return bad("no result: " + std::string(text));
    }
    text.remove_prefix(to.ok ? 3 : 7);
    const std::size_t digits = std::min(text.find(' '), text.size());
    if (TRY(number(text.substr(0, digits))) != expected) {
      return bad("results are not counted from 1");
    }
    text.remove_prefix(std::min(digits + 1, text.size()));
    const std::size_t hash = text.find('#');
    if (hash == std::string_view::npos) {
      to.description = text;
      return {};
    }
    if (hash == 0 || text[hash - 1] != ' ' || !text.substr(hash).starts_with("# ")) {
      return bad("'#' is not between spaces");
    }
    to.description = text.substr(0, hash - 1);
    std::string_view behind = text.substr(hash + 2);
    const std::size_t word = std::min(behind.find(' '), behind.size());
    if (std::ranges::find(kDirectives, behind.substr(0, word)) != kDirectives.end()) {
      to.directive = behind.substr(0, word);
      behind.remove_prefix(std::min(word + 1, behind.size()));
    }
    to.diagnostic = behind;
    return to.ok && (to.directive == "TIMEOUT" || to.directive == "ERROR")
               ? Result<>(bad(to.directive + " goes with not ok"))
               : Result<>();
  }

  std::vector<std::string_view> lines_;
  std::size_t at_ = 0;
  bool whole_ = false;
};

} // namespace

Result<std::vector<KtapResult>> parse_ktap(std::string_view text) {
  return Parser(text).document();
}

} // namespace schedrig::test
