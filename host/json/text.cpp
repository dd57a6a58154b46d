// SPDX-License-Identifier: MIT
// nlohmann-json does the characters. Its tree is used for writing only; reading goes through its
// SAX interface, whose parser is not recursive, so that depth and keys are checked as they come.
#include "host/json/text.hpp"

#include <algorithm>
#include <exception>
#include <type_traits>
#include <vector>

#include <nlohmann/json.hpp>

namespace schedrig::json {
namespace {

using Tree = nlohmann::ordered_json;

Tree to_tree(const Value& value) {
  return value.visit([]<class T>(const T& data) -> Tree {
    if constexpr (std::is_same_v<T, Array>) {
      Tree tree = Tree::array();
      for (const Value& element : data) {
        tree.push_back(to_tree(element));
      }
      return tree;
    } else if constexpr (std::is_same_v<T, Object>) {
      Tree tree = Tree::object();
      // push_back on the underlying vector: emplace would look every key up again.
      auto& members = tree.get_ref<Tree::object_t&>();
      for (const Member& member : data) {
        members.push_back({member.key, to_tree(member.value)});
      }
      return tree;
    } else {
      return Tree(data);
    }
  });
}

std::string dump(const Value& value, int indent) {
  return to_tree(value).dump(indent, ' ', false, Tree::error_handler_t::replace);
}

// The library's words without its exception number: "[json.exception.parse_error.101] parse error
// at line 1, column 2: ...".
std::string words_of(const std::exception& error) {
  const std::string_view text = error.what();
  const std::size_t end = text.starts_with('[') ? text.find("] ") : std::string_view::npos;
  return std::string(end == std::string_view::npos ? text : text.substr(end + 2));
}

// Builds the value. A callback that returns false stops the parser; problem says why.
class Builder final : public nlohmann::json_sax<Tree> {
 public:
  explicit Builder(std::size_t max_depth) : max_depth_(max_depth) {}

  bool null() override { return add(Value()); }
  bool boolean(bool value) override { return add(Value(value)); }
  bool number_integer(std::int64_t value) override { return add(Value(value)); }
  bool number_unsigned(std::uint64_t value) override { return add(Value(value)); }
  bool number_float(double value, const std::string& text) override {
    // The library turns integers that do not fit into doubles.
    if (text.find_first_of(".eE") == std::string::npos) {
      return refuse("integer " + text.substr(0, 40) + " does not fit 64 bits");
    }
    return add(Value(value));
  }
  bool string(std::string& text) override { return add(Value(std::move(text))); }
  bool binary(binary_t&) override { return refuse("binary value"); }

  bool start_object(std::size_t) override { return open(true); }
  bool start_array(std::size_t) override { return open(false); }
  bool key(std::string& text) override {
    open_.back().key = std::move(text);
    return true;
  }
  bool end_object() override {
    std::vector<std::string_view> keys;
    for (const Member& member : open_.back().members) {
      keys.push_back(member.key);
    }
    std::ranges::sort(keys);
    if (const auto twice = std::ranges::adjacent_find(keys); twice != keys.end()) {
      return refuse("key \"" + std::string(twice->substr(0, 80)) + "\" twice in one object");
    }
    Value value(std::move(open_.back().members));
    open_.pop_back();
    return add(std::move(value));
  }
  bool end_array() override {
    Value value(std::move(open_.back().elements));
    open_.pop_back();
    return add(std::move(value));
  }

  bool parse_error(std::size_t, const std::string&,
                   const nlohmann::detail::exception& error) override {
    return refuse(words_of(error));
  }

  Value result;
  std::string problem;

 private:
  // An object or array whose end has not come yet.
  struct Open {
    bool is_object = false;
    std::string key; // of the member that comes next
    Object members;
    Array elements;
  };

  bool open(bool is_object) {
    if (open_.size() == max_depth_) {
      return refuse("nested deeper than " + std::to_string(max_depth_) + " levels");
    }
    open_.push_back({.is_object = is_object, .key = {}, .members = {}, .elements = {}});
    return true;
  }

  bool add(Value value) {
    if (open_.empty()) {
      result = std::move(value);
    } else if (open_.back().is_object) {
      open_.back().members.push_back({std::move(open_.back().key), std::move(value)});
    } else {
      open_.back().elements.push_back(std::move(value));
    }
    return true;
  }

  bool refuse(std::string why) {
    problem = std::move(why);
    return false;
  }

  std::size_t max_depth_;
  std::vector<Open> open_;
};

} // namespace

std::string to_line(const Value& value) {
  return dump(value, -1);
}

std::string to_document(const Value& value) {
  return dump(value, 2) + "\n";
}

Result<Value> parse(std::string_view text, std::string_view name, const ParseLimits& limits) {
  const auto bad = [&](const std::string& observed) {
    return fail(StatusCode::kBadData, "parse " + std::string(name) + ": " + observed);
  };
  if (text.size() > limits.max_bytes) {
    return bad(std::to_string(text.size()) + " bytes, at most " + std::to_string(limits.max_bytes) +
               " are read");
  }
  if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos) {
    return bad("byte 0 at offset " + std::to_string(nul)); // the library would end there
  }
  Builder builder(limits.max_depth);
  try {
    if (!Tree::sax_parse(text.begin(), text.end(), &builder)) {
      return bad(builder.problem);
    }
  } catch (const std::exception& error) {
    return bad(words_of(error));
  }
  return std::move(builder.result);
}

} // namespace schedrig::json
