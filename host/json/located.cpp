// SPDX-License-Identifier: MIT
// nlohmann-json does the characters, through its SAX interface. It does not say where a value is:
// the input iterator counts what it has read, and a token's beginning is looked for from its end.
#include "host/json/located.hpp"

#include <algorithm>
#include <array>
#include <exception>
#include <iterator>
#include <utility>

#include <nlohmann/json.hpp>

namespace schedrig::json {
namespace {

using Tree = nlohmann::ordered_json;

// Reads a text and counts; copies count together, as the library copies its input.
class Counting {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  Counting(const char* at, std::size_t* count) : at_(at), count_(count) {}
  reference operator*() const { return *at_; }
  Counting& operator++() {
    ++at_;
    ++*count_;
    return *this;
  }
  Counting operator++(int) {
    Counting before = *this;
    ++*this;
    return before;
  }
  bool operator==(const Counting& other) const { return at_ == other.at_; }

 private:
  const char* at_;
  std::size_t* count_;
};

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// Just past the string that begins at `at`.
std::size_t past_string(std::string_view text, std::size_t at) {
  for (++at; at < text.size() && text[at] != '"' && text[at] != '\n'; ++at) {
    if (text[at] == '\\') {
      ++at;
    }
  }
  return std::min(at + 1, text.size());
}

// Just past the comment that begins at `at`; `at` itself where none does.
std::size_t past_comment(std::string_view text, std::size_t at) {
  const std::string_view rest = text.substr(at);
  if (rest.starts_with("//")) {
    return std::min(text.find('\n', at), text.size());
  }
  if (!rest.starts_with("/*")) {
    return at;
  }
  const std::size_t end = text.find("*/", at + 2);
  return end == std::string_view::npos ? text.size() : end + 2;
}

// Commas before a closing bracket, which the library does not know, become spaces: no place moves.
std::string without_last_commas(std::string_view text) {
  std::string out(text);
  std::size_t comma = std::string_view::npos; // with nothing behind it so far
  for (std::size_t at = 0; at < text.size();) {
    if (const std::size_t past = past_comment(text, at); past != at) {
      at = past;
      continue;
    }
    if (text[at] == '"') {
      comma = std::string_view::npos;
      at = past_string(text, at);
      continue;
    }
    if ((text[at] == '}' || text[at] == ']') && comma != std::string_view::npos) {
      out[comma] = ' ';
    }
    if (!is_space(text[at])) {
      // Two commas, or one behind an opening bracket, stay an error.
      const bool first = comma == std::string_view::npos && text[at] == ',';
      const std::size_t before =
          first ? text.find_last_not_of(" \t\r\n", at - (at > 0 ? 1 : 0)) : std::string_view::npos;
      const bool behind_value = before != std::string_view::npos && before < at &&
                                text[before] != '{' && text[before] != '[';
      comma = behind_value ? at : std::string_view::npos;
    }
    ++at;
  }
  return out;
}

// Offsets to places, for offsets that mostly grow.
class Places {
 public:
  explicit Places(std::string_view text) : text_(text) {}
  [[nodiscard]] Place at(std::size_t offset) {
    offset = std::min(offset, text_.size());
    if (offset < line_start_) {
      line_ = 1;
      line_start_ = at_ = 0;
    }
    for (; at_ < offset; ++at_) {
      if (text_[at_] == '\n') {
        ++line_;
        line_start_ = at_ + 1;
      }
    }
    return {line_, static_cast<std::uint32_t>(offset - line_start_ + 1)};
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_start_ = 0;
  std::uint32_t line_ = 1;
};

// "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error ...": the last.
std::string words_of(const std::exception& error) {
  const std::string_view text = error.what();
  const std::size_t prefix = text.find(": ");
  return std::string(prefix == std::string_view::npos ? text : text.substr(prefix + 2));
}

// Builds the value. A callback that returns false stops the parser; `problem` says why.
class Builder final : public nlohmann::json_sax<Tree> {
 public:
  Builder(std::string_view text, const std::size_t& consumed, std::size_t max_depth)
      : text_(text), consumed_(consumed), max_depth_(max_depth), places_(text) {}

  bool null() override { return add(value_of(LocatedType::kNull, word_place())); }
  bool boolean(bool value) override {
    Located located = value_of(LocatedType::kBool, word_place());
    located.boolean = value;
    return add(std::move(located));
  }
  bool number_integer(std::int64_t value) override {
    Located located = value_of(LocatedType::kInteger, word_place());
    located.integer = value;
    return add(std::move(located));
  }
  bool number_unsigned(std::uint64_t value) override {
    if (!std::in_range<std::int64_t>(value)) {
      return refuse(word_place(), "the integer " + std::to_string(value) + " is too large");
    }
    return number_integer(static_cast<std::int64_t>(value));
  }
  bool number_float(double value, const std::string& text) override {
    // The library turns integers that do not fit into doubles.
    if (text.find_first_of(".eE") == std::string::npos) {
      return refuse(word_place(), "the integer " + text.substr(0, 40) + " is too large");
    }
    Located located = value_of(LocatedType::kReal, word_place());
    located.real = value;
    return add(std::move(located));
  }
  bool string(std::string& text) override {
    Located located = value_of(LocatedType::kString, string_place());
    located.text = std::move(text);
    return add(std::move(located));
  }
  bool binary(binary_t&) override { return refuse({}, "a binary value"); }
  bool start_object(std::size_t) override { return open(LocatedType::kObject); }
  bool start_array(std::size_t) override { return open(LocatedType::kArray); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(std::string& text) override {
    open_.back().key = std::move(text);
    open_.back().key_place = string_place();
    return true;
  }
  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception& error) override {
    return refuse(places_.at(position > 0 ? position - 1 : 0), words_of(error));
  }

  Located result;
  SyntaxError problem;

 private:
  struct Open {
    Located value;
    std::string key; // of the member that comes next
    Place key_place;
  };

  static Located value_of(LocatedType type, Place place) {
    Located located;
    located.type = type;
    located.place = place;
    return located;
  }
  // A string has just been read: its end is the last character.
  [[nodiscard]] Place string_place() {
    std::size_t at = consumed_ - 1;
    bool escaped = true;
    while (at > 0 && escaped) {
      at = text_.rfind('"', at - 1);
      const std::size_t other = text_.find_last_not_of('\\', at == 0 ? 0 : at - 1);
      const std::size_t backslashes =
          at == 0 ? 0 : at - (other == std::string_view::npos ? 0 : other + 1);
      escaped = backslashes % 2 == 1;
    }
    return places_.at(at);
  }
  // Of a number or a word; behind a number, the library has read one character more.
  [[nodiscard]] Place word_place() {
    const auto in_word = [](char c) {
      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '+' || c == '-' || c == '.' ||
             c == 'E';
    };
    std::size_t at = consumed_;
    at -= at > 0 && !in_word(text_[at - 1]) ? 1 : 0;
    while (at > 0 && in_word(text_[at - 1])) {
      --at;
    }
    return places_.at(at);
  }
  bool open(LocatedType type) {
    const Place place = places_.at(consumed_ - 1);
    if (open_.size() == max_depth_) {
      return refuse(place, "nested deeper than " + std::to_string(max_depth_) + " levels");
    }
    open_.push_back({.value = value_of(type, place), .key = {}, .key_place = {}});
    return true;
  }
  bool close() {
    Located value = std::move(open_.back().value);
    open_.pop_back();
    return add(std::move(value));
  }
  bool add(Located value) {
    if (open_.empty()) {
      result = std::move(value);
    } else if (Open& in = open_.back(); in.value.type == LocatedType::kObject) {
      in.value.members.push_back({std::move(in.key), in.key_place, std::move(value)});
    } else {
      in.value.elements.push_back(std::move(value));
    }
    return true;
  }
  bool refuse(Place place, std::string why) {
    problem = {place, std::move(why)};
    return false;
  }

  std::string_view text_;
  const std::size_t& consumed_;
  std::size_t max_depth_;
  Places places_;
  std::vector<Open> open_;
};

} // namespace

std::string_view describe(LocatedType type) noexcept {
  constexpr std::array<std::string_view, 7> kNames = {
      "null", "a boolean", "an integer", "a number", "a string", "a list", "an object"};
  return kNames[static_cast<std::size_t>(type)];
}

std::expected<Located, SyntaxError> parse_located(std::string_view text,
                                                  const LocatedLimits& limits) {
  if (text.size() > limits.max_bytes) {
    return std::unexpected(SyntaxError{{},
                                       std::to_string(text.size()) + " bytes, at most " +
                                           std::to_string(limits.max_bytes) + " are read"});
  }
  if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos) {
    return std::unexpected(SyntaxError{Places(text).at(nul), "a byte 0"});
  }
  const std::string plain = without_last_commas(text);
  std::size_t consumed = 0;
  Builder builder(plain, consumed, limits.max_depth);
  const char* begin = plain.data();
  try {
    if (!Tree::sax_parse(Counting(begin, &consumed), Counting(begin + plain.size(), &consumed),
                         &builder, nlohmann::detail::input_format_t::json, true, true)) {
      return std::unexpected(std::move(builder.problem));
    }
  } catch (const std::exception& error) {
    return std::unexpected(SyntaxError{Places(plain).at(consumed), words_of(error)});
  }
  return std::move(builder.result);
}

} // namespace schedrig::json
