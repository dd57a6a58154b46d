// SPDX-License-Identifier: MIT
#include "tests/unit/config/schema_validator.hpp"

#include <algorithm>
#include <regex>

namespace schedrig::config {
namespace {

using json::Value;

class Validator {
 public:
  explicit Validator(const Value& root) : root_(root) {}

  std::string check(const Value& schema, const Value& value, const std::string& at) {
    for (const json::Member& keyword : *schema.as_object()) {
      if (std::string wrong = one(keyword.key, keyword.value, schema, value, at); !wrong.empty()) {
        return wrong;
      }
    }
    return "";
  }

 private:
  std::string one(const std::string& keyword, const Value& says, const Value& schema,
                  const Value& value, const std::string& at) {
    if (keyword == "$schema" || keyword == "title" || keyword == "description" ||
        keyword == "default" || keyword == "$defs") {
      return "";
    }
    if (keyword == "$ref") {
      const std::string name = says.as_string()->substr(std::string_view("#/$defs/").size());
      return check(*root_.find("$defs")->find(name), value, at);
    }
    if (keyword == "type") {
      return is_of(*says.as_string(), value) ? "" : at + ": is no " + *says.as_string();
    }
    if (keyword == "const") {
      return says == value ? "" : at + ": is not " + *says.as_string();
    }
    if (keyword == "enum") {
      return std::ranges::find(*says.as_array(), value) != says.as_array()->end()
                 ? ""
                 : at + ": is no word of the list";
    }
    if (keyword == "anyOf" || keyword == "oneOf") {
      const auto fits = std::ranges::count_if(
          *says.as_array(), [&](const Value& form) { return check(form, value, at).empty(); });
      return fits == 1 || (fits > 1 && keyword == "anyOf")
                 ? ""
                 : at + ": fits " + std::to_string(fits) + " forms";
    }
    if (const auto* text = value.as_string(); keyword == "pattern") {
      return text == nullptr || std::regex_search(*text, std::regex(*says.as_string()))
                 ? ""
                 : at + ": does not match " + *says.as_string();
    }
    if (const auto number = value.as_double(); keyword == "minimum") {
      return !number || *number >= *says.as_double() ? "" : at + ": is too small";
    } else if (keyword == "maximum") {
      return !number || *number <= *says.as_double() ? "" : at + ": is too large";
    }
    if (const auto* items = value.as_array();
        keyword == "items" || keyword == "minItems" || keyword == "maxItems") {
      return items == nullptr ? "" : check_items(keyword, says, *items, at);
    }
    if (const auto* members = value.as_object(); members != nullptr) {
      return check_members(keyword, says, schema, value, at);
    }
    return "";
  }

  static bool is_of(const std::string& type, const Value& value) {
    return (type == "object" && value.as_object() != nullptr) ||
           (type == "array" && value.as_array() != nullptr) ||
           (type == "string" && value.as_string() != nullptr) ||
           (type == "boolean" && value.as_bool()) || (type == "integer" && value.as_int64()) ||
           (type == "number" && value.as_double());
  }

  std::string check_items(const std::string& keyword, const Value& says, const json::Array& items,
                          const std::string& at) {
    if (keyword == "minItems") {
      return items.size() >= *says.as_uint64() ? "" : at + ": has too few items";
    }
    if (keyword == "maxItems") {
      return items.size() <= *says.as_uint64() ? "" : at + ": has too many items";
    }
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (auto wrong = check(says, items[i], at + "[" + std::to_string(i) + "]"); !wrong.empty()) {
        return wrong;
      }
    }
    return "";
  }

  std::string check_members(const std::string& keyword, const Value& says, const Value& schema,
                            const Value& value, const std::string& at) {
    const json::Object& members = *value.as_object();
    if (keyword == "minProperties") {
      return members.size() >= *says.as_uint64() ? "" : at + ": has too few keys";
    }
    if (keyword == "maxProperties") {
      return members.size() <= *says.as_uint64() ? "" : at + ": has too many keys";
    }
    if (keyword == "required") {
      for (const Value& key : *says.as_array()) {
        if (value.find(*key.as_string()) == nullptr) {
          return at + ": lacks " + *key.as_string();
        }
      }
      return "";
    }
    if (keyword == "properties") {
      for (const json::Member& member : members) {
        const Value* property = says.find(member.key);
        std::string wrong =
            property == nullptr ? "" : check(*property, member.value, at + "." + member.key);
        if (!wrong.empty()) {
          return wrong;
        }
      }
      return "";
    }
    if (keyword == "additionalProperties") {
      for (const json::Member& member : members) {
        if (schema.find("properties")->find(member.key) == nullptr) {
          return at + ": has the unknown key " + member.key;
        }
      }
      return "";
    }
    return at + ": the schema has the keyword " + keyword + ", which this validator does not know";
  }

  const Value& root_;
};

} // namespace

Value to_json(const Node& node) {
  switch (node.type) {
  case NodeType::kTable: {
    Value table = Value::object();
    for (const Member& member : node.members) {
      table.set(member.key, to_json(member.value));
    }
    return table;
  }
  case NodeType::kArray: {
    Value list = Value::array();
    for (const Node& item : node.items) {
      list.push(to_json(item));
    }
    return list;
  }
  case NodeType::kString:
    return Value(node.text);
  case NodeType::kInteger:
    return Value(node.integer);
  case NodeType::kFloat:
    return Value(node.real);
  case NodeType::kBool:
    return Value(node.boolean);
  case NodeType::kDateTime:
    return Value("a date or time");
  }
  return Value();
}

std::string validate_json(const Value& schema, const Value& instance) {
  return Validator(schema).check(schema, instance, "");
}

} // namespace schedrig::config
