// SPDX-License-Identifier: MIT
#include "host/config/reference.hpp"

#include <deque>
#include <set>
#include <string_view>
#include <vector>

#include "host/config/decode_scenario.hpp"
#include "host/config/form.hpp"
#include "host/config/spell.hpp"

namespace schedrig::config {
namespace {

constexpr std::string_view kHead =
    "# Config files\n"
    "\n"
    "Every table with its keys. [scenario.toml](scenario.toml) has each of them once, with its\n"
    "spelling; `schedrig explain KEY` says the same as this page, `schedrig explain --config "
    "FILE`\n"
    "what a file's values are and where each came from. Made from the tables that the decoder "
    "uses;\n"
    "renewed by `SCHEDRIG_UPDATE_GOLDEN=1 build/bin/config_test`.\n"
    "\n"
    "- The first key of every file is `schema = 1`.\n"
    "- Durations and sizes are strings with a unit: `\"200ms\"` (ns, us, ms, s, min, h), "
    "`\"512MiB\"`\n"
    "  (B, KiB, MiB, GiB, TiB).\n"
    "- Layers, lowest first: the files in `extends`, the file, each `--overlay`, each `--set`. "
    "Tables\n"
    "  merge; lists, and tables that stand for one of several alternatives (a cpuset), are "
    "replaced.\n"
    "  `extends` is relative to the file that says it.\n"
    "- [schema/schedrig.schema.json](../../schema/schedrig.schema.json) is for editors: begin a "
    "file\n"
    "  with `#:schema PATH-TO-IT`. `schedrig schema` prints it.\n";

struct Section {
  std::string title;
  std::string doc;
  std::vector<FieldInfo> keys;
};

class Writer {
 public:
  std::string run() {
    std::string text(kHead);
    add_form("The top level", "", scenario_forms()[0]);
    for (; !sections_.empty(); sections_.pop_front()) {
      text += section(sections_.front());
    }
    return text;
  }

 private:
  void add_form(const std::string& title, std::string_view doc, const Form& form) {
    if (!form.name.empty() && !named_.insert(form.name).second) {
      return; // has its section
    }
    if (form.keys != nullptr) {
      sections_.push_back({title, std::string(doc), form.keys()});
    }
    if (form.kinds != nullptr) {
      for (const KindInfo& kind : form.kinds()) {
        sections_.push_back(
            {"op " + std::string(kind.kind),
             std::string(kind.doc) + (kind.landed == Landed::kYes ? "" : " (not supported yet)"),
             kind.keys()});
      }
    }
  }

  // The tables that a key's value, or an item of it, may be.
  void add_below(const std::string& title, const FieldInfo& info) {
    for (const Form& form : forms_of(info)) {
      add_form(form.name.empty() ? title : std::string(form.name), info.doc, form);
      for (const Form* item = &form; item->items != nullptr;) {
        item = &item->items()[0];
        add_form(item->name.empty() ? title : std::string(item->name), info.doc, *item);
      }
    }
  }

  std::string section(const Section& section) {
    std::string text = "\n## " + section.title + "\n\n";
    text += section.doc.empty() ? "" : section.doc + "\n\n";
    if (section.keys.empty()) {
      return text + "No keys.\n";
    }
    text += "| key | value | default | meaning |\n| --- | --- | --- | --- |\n";
    const bool top = section.title == "The top level";
    for (const FieldInfo& info : section.keys) {
      text += "| `" + std::string(info.key) + "` | " + spell_type(info) + " | " +
              (info.required                ? "required"
               : info.default_value.empty() ? ""
                                            : "`" + std::string(info.default_value) + "`") +
              " | " + std::string(info.doc) +
              (info.landed == Landed::kYes ? "" : " (not supported yet)") + " |\n";
      add_below(top ? std::string(info.key) : section.title + "." + std::string(info.key), info);
    }
    return text;
  }

  std::deque<Section> sections_; // still to be written
  std::set<std::string_view> named_;
};

} // namespace

std::string reference_markdown() {
  return Writer().run();
}

} // namespace schedrig::config
