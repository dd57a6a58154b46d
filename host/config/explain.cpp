// SPDX-License-Identifier: MIT
#include "host/config/explain.hpp"

#include <algorithm>
#include <utility>

#include "host/config/decode_scenario.hpp"
#include "host/config/form.hpp"
#include "host/config/spell.hpp"
#include "host/text/duration.hpp"
#include "host/text/nearest.hpp"
#include "host/text/quote.hpp"

namespace schedrig::config {
namespace {

using Forms = std::span<const Form>;

// The keys of the table that `node` is; of all its kinds where there is no node.
std::vector<FieldInfo> keys_of(Forms forms, const Node* node) {
  std::vector<FieldInfo> keys;
  const auto add = [&](const std::vector<FieldInfo>& more) {
    keys.insert(keys.end(), more.begin(), more.end());
  };
  for (const Form& form : forms) {
    if (form.keys != nullptr) {
      add(form.keys());
    }
    const Node* kind = node == nullptr ? nullptr : node->find("kind");
    if (form.kinds != nullptr && kind != nullptr) {
      for (const KindInfo& one : form.kinds()) {
        if (one.kind == kind->text) {
          add(one.keys());
        }
      }
    }
  }
  return keys;
}

bool is_table_of_keys(Forms forms) {
  return std::ranges::any_of(forms, [](const Form& form) {
    return (form.keys != nullptr && !form.one_key) || form.kinds != nullptr;
  });
}

class Lister {
 public:
  explicit Lister(const LoadedConfig& loaded) : loaded_(loaded) {}

  std::vector<EffectiveKey> run() {
    table("", scenario_forms(), &loaded_.document, true);
    return std::move(rows_);
  }

 private:
  void table(const std::string& path, Forms forms, const Node* node, bool top) {
    const std::string dot = path.empty() ? "" : path + ".";
    if (const Node* kind = node == nullptr ? nullptr : node->find("kind")) {
      leaf(dot + "kind", *kind);
    }
    for (const FieldInfo& info : keys_of(forms, node)) {
      const std::string key = dot + std::string(info.key);
      const Node* value = node == nullptr ? nullptr : node->find(info.key);
      const auto below = forms_of(info);
      if (value != nullptr) {
        given(key, below, *value);
      } else if (info.landed == Landed::kYes && !info.default_value.empty()) {
        rows_.push_back({key, spell_default(info), "default"});
      } else if (const std::string computed = computed_default(key); !computed.empty()) {
        rows_.push_back({key, computed, "default"});
      } else if (top && below.size() == 1 && is_table_of_keys(below)) {
        table(key, below, nullptr, false);
      }
    }
  }

  void given(const std::string& key, Forms forms, const Node& value) {
    const bool keyed = is_table_of_keys(forms);
    if (value.type == NodeType::kTable && keyed) {
      table(key, forms, &value, false);
    } else if (value.type == NodeType::kTable && forms.size() == 1 && forms[0].keys == nullptr &&
               !value.members.empty()) {
      for (const Member& member : value.members) { // a plugin's own
        given(key + "." + member.key, forms, member.value);
      }
    } else if (value.type == NodeType::kArray && is_table_of_keys(forms_of_items(forms))) {
      for (std::size_t i = 0; i < value.items.size(); ++i) {
        given(key + "[" + std::to_string(i) + "]", forms_of_items(forms), value.items[i]);
      }
    } else {
      leaf(key, value);
    }
  }

  void leaf(const std::string& key, const Node& value) {
    rows_.push_back({key, spell_value(value), origin_of(loaded_, value.pos)});
  }

  // Defaults that depend on other things than the key itself.
  [[nodiscard]] std::string computed_default(std::string_view key) const {
    const RunConfig& run = loaded_.scenario.run;
    return key == "run.name"       ? text::quote(run.name)
           : key == "run.deadline" ? text::quote(text::format_duration(run.deadline_ns))
                                   : "";
  }

  static std::string spell_default(const FieldInfo& info) {
    const bool bare = info.kind == FieldKind::kBool || info.kind == FieldKind::kInteger ||
                      info.kind == FieldKind::kNumber;
    return bare ? std::string(info.default_value) : text::quote(info.default_value);
  }

  const LoadedConfig& loaded_;
  std::vector<EffectiveKey> rows_;
};

// The next name of a path, without an index behind it.
std::string_view take_name(std::string_view& path) {
  const std::size_t dot = path.find('.');
  const std::string_view part = path.substr(0, dot);
  path = dot == std::string_view::npos ? "" : path.substr(dot + 1);
  return part.substr(0, part.find('['));
}

struct Place {
  FieldInfo info;
  std::vector<Form> forms;
};

FieldInfo a_table_of(std::string_view key, std::string_view doc, Landed landed) {
  FieldInfo info;
  info.key = key;
  info.kind = FieldKind::kTable;
  info.doc = doc;
  info.landed = landed;
  return info;
}

// Everything that a name can be at this place: keys, keys of a list's items, kinds.
std::vector<std::pair<std::string_view, Place>> below(const Place& place) {
  std::vector<std::pair<std::string_view, Place>> names;
  std::vector<Form> forms = place.forms;
  const auto items = forms_of_items(forms);
  forms.insert(forms.end(), items.begin(), items.end());
  for (const Form& form : forms) {
    if (form.keys != nullptr) {
      for (const FieldInfo& info : form.keys()) {
        names.push_back({info.key, {info, forms_of(info)}});
      }
    }
    if (form.kinds != nullptr) {
      for (const KindInfo& kind : form.kinds()) {
        names.push_back({kind.kind,
                         {a_table_of(kind.kind, kind.doc, kind.landed),
                          {Form{.kind = FieldKind::kTable, .keys = kind.keys}}}});
      }
    }
  }
  return names;
}

} // namespace

std::string origin_of(const LoadedConfig& loaded, SourcePos pos) {
  if (pos.file >= loaded.sources.size()) {
    return "default";
  }
  const Source& source = loaded.sources[pos.file];
  switch (source.kind) {
  case SourceKind::kSet:
    return "--set " + text::printable(source.text);
  case SourceKind::kOverlay:
    return "overlay " + text::printable(source.name) + ":" + std::to_string(pos.line);
  case SourceKind::kScheduler:
    return text::printable(source.name);
  case SourceKind::kFile:
    return text::printable(source.name) + ":" + std::to_string(pos.line);
  }
  return "";
}

std::vector<EffectiveKey> effective_keys(const LoadedConfig& loaded) {
  return Lister(loaded).run();
}

Result<KeyDoc> find_key(std::string_view path) {
  const auto root = scenario_forms();
  Place place{a_table_of("", "a scenario", Landed::kYes), {root.begin(), root.end()}};
  std::string so_far = "the top level";
  while (!path.empty()) {
    const std::string_view name = take_name(path);
    const auto names = below(place);
    const auto found = std::ranges::find(names, name, [](const auto& one) { return one.first; });
    if (found == names.end()) {
      std::vector<std::string_view> known;
      std::ranges::transform(names, std::back_inserter(known),
                             [](const auto& one) { return one.first; });
      return fail(StatusCode::kNotFound, "there is no key " + text::quote(name) + " in " + so_far,
                  text::suggest(name, known, "keys of " + so_far));
    }
    Place next = found->second;
    place = std::move(next);
    so_far = name;
  }
  KeyDoc doc{.info = place.info, .below = {}};
  for (const auto& [name, one] : below(place)) {
    doc.below.push_back(one.info);
  }
  return doc;
}

} // namespace schedrig::config
