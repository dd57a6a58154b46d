// SPDX-License-Identifier: MIT
#include "host/config/json_schema.hpp"

#include <string>
#include <utility>

#include "host/config/decode_scenario.hpp"
#include "host/config/form.hpp"

namespace schedrig::config {
namespace {

using json::Value;

// text::parse_duration and text::parse_size.
constexpr std::string_view kDurationPattern = "^[0-9]+(ns|us|ms|s|min|h)$";
constexpr std::string_view kSizePattern = "^[0-9]+(B|KiB|MiB|GiB|TiB)$";

std::string described(std::string_view doc, Landed landed) {
  return std::string(doc) + (landed == Landed::kYes ? "" : " (not supported yet)");
}

Value of_type(std::string_view type) {
  Value schema = Value::object();
  schema.set("type", type);
  return schema;
}

Value of_text(std::string_view pattern) {
  Value schema = of_type("string");
  if (!pattern.empty()) {
    schema.set("pattern", pattern);
  }
  return schema;
}

Value default_of(const FieldInfo& info) {
  switch (info.kind) {
  case FieldKind::kBool:
    return Value(info.default_value == "true");
  case FieldKind::kInteger:
    return Value(std::int64_t{std::stoll(std::string(info.default_value))});
  case FieldKind::kNumber:
    return Value(std::stod(std::string(info.default_value)));
  default:
    return Value(info.default_value);
  }
}

class Writer {
 public:
  Value document() {
    Value document = Value::object();
    document.set("$schema", "https://json-schema.org/draft/2020-12/schema");
    document.set("title", "schedrig scenario");
    document.set("type", "object");
    add_keys(scenario_forms()[0].keys(), Value::object(), {}, document);
    document.set("$defs", std::move(definitions_));
    return document;
  }

 private:
  Value of_field(const FieldInfo& info) {
    Value schema = of_forms(forms_of(info), info);
    schema.set("description", described(info.doc, info.landed));
    if (!info.default_value.empty()) {
      schema.set("default", default_of(info));
    }
    return schema;
  }

  Value of_forms(std::span<const Form> forms, const FieldInfo& info) {
    if (forms.size() == 1) {
      return of_form(forms[0], info);
    }
    Value any = Value::array();
    for (const Form& form : forms) {
      any.push(of_form(form, info));
    }
    Value schema = Value::object();
    schema.set("anyOf", std::move(any));
    return schema;
  }

  // What has a name is defined once and referred to.
  Value of_form(const Form& form, const FieldInfo& info) {
    if (form.name.empty()) {
      return of_unnamed(form, info);
    }
    if (definitions_.find(form.name) == nullptr) {
      definitions_.set(form.name, Value()); // before its parts, which may refer to it
      Value schema = of_unnamed(form, info);
      definitions_.set(form.name, std::move(schema));
    }
    return reference(form.name);
  }

  static Value reference(std::string_view name) {
    Value schema = Value::object();
    schema.set("$ref", "#/$defs/" + std::string(name));
    return schema;
  }

  Value of_unnamed(const Form& form, const FieldInfo& info) {
    switch (form.kind) {
    case FieldKind::kString:
      return form.words == nullptr
                 ? of_text(form.pattern.empty() ? "" : "^(" + std::string(form.pattern) + ")$")
                 : of_words(form);
    case FieldKind::kInteger:
      return of_number("integer", form, info);
    case FieldKind::kNumber:
      return of_number("number", form, info);
    case FieldKind::kBool:
      return of_type("boolean");
    case FieldKind::kDuration:
      return of_text(kDurationPattern);
    case FieldKind::kSize:
      return of_text(kSizePattern);
    case FieldKind::kTable:
      return form.kinds != nullptr ? of_kinds(form) : of_table(form);
    case FieldKind::kTableList:
    case FieldKind::kList:
      return of_list(form, info);
    case FieldKind::kChoice:
      break;
    }
    return Value::object(); // anything
  }

  static Value of_words(const Form& form) {
    Value words = Value::array();
    for (const WordInfo& word : form.words()) {
      words.push(word.text);
    }
    Value schema = Value::object();
    schema.set("enum", std::move(words));
    return schema;
  }

  static Value of_number(std::string_view type, const Form& form, const FieldInfo& info) {
    const bool own = form.minimum != 0 || form.maximum != 0;
    const std::int64_t minimum = own ? form.minimum : info.minimum;
    const std::int64_t maximum = own ? form.maximum : info.maximum;
    Value schema = of_type(type);
    if (minimum != 0 || maximum != 0) {
      schema.set("minimum", minimum);
      schema.set("maximum", maximum);
    }
    return schema;
  }

  Value of_list(const Form& form, const FieldInfo& info) {
    Value schema = of_type("array");
    if (form.items != nullptr) {
      const auto items = form.items();
      schema.set("items", of_forms(items, info));
    }
    if (form.least_items != 0) {
      schema.set("minItems", form.least_items);
    }
    if (form.most_items != 0) {
      schema.set("maxItems", form.most_items);
    }
    return schema;
  }

  Value of_table(const Form& form) {
    Value schema = of_type("object");
    if (form.keys == nullptr) {
      return schema;
    }
    add_keys(form.keys(), Value::object(), {}, schema);
    if (form.one_key) {
      schema.set("minProperties", 1);
      schema.set("maxProperties", 1);
    }
    return schema;
  }

  // One definition a kind, told apart by the key `kind`.
  Value of_kinds(const Form& form) {
    Value kinds = Value::array();
    for (const KindInfo& kind : form.kinds()) {
      Value constant = Value::object();
      constant.set("const", kind.kind);
      Value properties = Value::object();
      properties.set("kind", std::move(constant));
      Value schema = of_type("object");
      schema.set("description", described(kind.doc, kind.landed));
      add_keys(kind.keys(), std::move(properties), {Value("kind")}, schema);
      const std::string name = std::string(form.name) + "." + std::string(kind.kind);
      definitions_.set(name, std::move(schema));
      kinds.push(reference(name));
    }
    Value schema = of_type("object");
    schema.set("oneOf", std::move(kinds));
    return schema;
  }

  void add_keys(const std::vector<FieldInfo>& keys, Value properties, json::Array required,
                Value& to) {
    for (const FieldInfo& info : keys) {
      properties.set(info.key, of_field(info));
      if (info.required) {
        required.emplace_back(info.key);
      }
    }
    to.set("properties", std::move(properties));
    if (!required.empty()) {
      to.set("required", Value(std::move(required)));
    }
    to.set("additionalProperties", false);
  }

  Value definitions_ = Value::object();
};

} // namespace

Value json_schema() {
  return Writer().document();
}

} // namespace schedrig::config
