// SPDX-License-Identifier: MIT
#include "host/engine/value_path.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/text/integer.hpp"
#include "host/text/nearest.hpp"
#include "host/text/quote.hpp"

namespace schedrig::engine {
namespace {

using json::Value;

struct Step {
  std::string_view name;
  std::optional<std::uint64_t> index; // instead of a name
};

class Path {
 public:
  explicit Path(std::string_view text) : text_(text) {}

  [[nodiscard]] bool at_end() const { return at_ == text_.size(); }
  [[nodiscard]] std::string_view done() const { return text_.substr(0, at_); }

  Result<Step> next() {
    const std::string_view rest = text_.substr(at_);
    if (rest.starts_with('[')) {
      return bracket(rest);
    }
    const std::size_t dot = at_ != 0 && rest.starts_with('.') ? 1 : 0;
    const std::string_view name = rest.substr(dot, rest.find_first_of(".[", dot) - dot);
    if (name.empty() || (at_ != 0 && dot == 0)) {
      return no_path();
    }
    at_ += dot + name.size();
    return Step{.name = name, .index = {}};
  }

 private:
  [[nodiscard]] std::unexpected<Error> no_path() const {
    return fail(StatusCode::kInvalidArgument,
                text::quote(text_) + " is no path from its character " + std::to_string(at_ + 1) +
                    " on",
                "write names with dots between them, ['...'] for others, [n] for elements");
  }

  Result<Step> bracket(std::string_view rest) {
    const char quote = rest.size() > 1 ? rest[1] : '\0';
    if (quote == '\'' || quote == '"') {
      const std::size_t end = rest.find(quote, 2);
      if (end == std::string_view::npos || !rest.substr(end + 1).starts_with(']')) {
        return no_path();
      }
      at_ += end + 2;
      return Step{.name = rest.substr(2, end - 2), .index = {}};
    }
    const std::size_t end = rest.find(']');
    const auto index = text::parse_decimal(rest.substr(1, end == rest.npos ? 0 : end - 1));
    if (end == std::string_view::npos || !index) {
      return no_path();
    }
    at_ += end + 1;
    return Step{.name = {}, .index = *index};
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

std::string place_of(std::string_view done) {
  return done.empty() ? "the document" : text::quote(done);
}

Result<const Value*> element(const Value& in, std::uint64_t index, std::string_view done) {
  const json::Array* elements = in.as_array();
  if (elements == nullptr) {
    return fail(StatusCode::kNotFound, place_of(done) + " is no list",
                in.as_object() != nullptr ? "it has members: go on with their names" : "");
  }
  if (index >= elements->size()) {
    return fail(StatusCode::kNotFound, place_of(done) + " has no element " + std::to_string(index),
                elements->empty() ? "it has none"
                                  : "it has 0 to " + std::to_string(elements->size() - 1));
  }
  return &(*elements)[index];
}

Result<const Value*> member(const Value& in, std::string_view name, std::string_view done) {
  if (const Value* found = in.find(name)) {
    return found;
  }
  const json::Object* members = in.as_object();
  if (members == nullptr) {
    return fail(
        StatusCode::kNotFound, place_of(done) + " has no members, so no " + text::quote(name),
        in.as_array() != nullptr
            ? "it is a list of " + std::to_string(in.as_array()->size()) + ": go on with [n]"
            : "");
  }
  std::vector<std::string_view> names;
  names.reserve(members->size());
  for (const json::Member& each : *members) {
    names.push_back(each.key);
  }
  return fail(StatusCode::kNotFound, place_of(done) + " has no " + text::quote(name),
              text::suggest(name, names, "it has"));
}

} // namespace

Result<const Value*> find_value(const Value& document, std::string_view text) {
  Path path(text);
  const Value* value = &document;
  while (!path.at_end() || text.empty()) {
    const std::string_view done = path.done();
    const Step step = TRY(path.next());
    value = TRY(step.index ? element(*value, *step.index, done) : member(*value, step.name, done));
  }
  return value;
}

} // namespace schedrig::engine
