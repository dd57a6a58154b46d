// SPDX-License-Identifier: MIT
#include "host/config/form.hpp"

#include <array>

#include <schedrig/topology.hpp>

namespace schedrig::config {

std::vector<Form> forms_of(const FieldInfo& info) {
  if (info.forms == nullptr) {
    return {Form{.kind = info.kind}};
  }
  const auto forms = info.forms();
  return {forms.begin(), forms.end()};
}

std::vector<Form> forms_of_key(std::span<const Form> forms, std::string_view key) {
  std::vector<Form> found;
  const auto look_in = [&](KeysOf keys) {
    for (const FieldInfo& info : keys()) {
      if (info.key == key) {
        const auto more = forms_of(info);
        found.insert(found.end(), more.begin(), more.end());
      }
    }
  };
  for (const Form& form : forms) {
    if (form.keys != nullptr) {
      look_in(form.keys);
    }
    if (form.kinds != nullptr) {
      for (const KindInfo& kind : form.kinds()) {
        look_in(kind.keys);
      }
    }
  }
  return found;
}

std::vector<Form> forms_of_items(std::span<const Form> forms) {
  std::vector<Form> found;
  for (const Form& form : forms) {
    if (form.items != nullptr) {
      const auto more = form.items();
      found.insert(found.end(), more.begin(), more.end());
    }
  }
  return found;
}

std::span<const Form> a_string() {
  static constexpr Form kForm{.kind = FieldKind::kString};
  return {&kForm, 1};
}

std::span<const Form> an_integer() {
  static constexpr Form kForm{.kind = FieldKind::kInteger};
  return {&kForm, 1};
}

std::span<const Form> a_word64() {
  static constexpr std::array kForms = {
      Form{.kind = FieldKind::kInteger, .minimum = 0, .maximum = INT64_MAX},
      Form{.kind = FieldKind::kString,
           .pattern = "[0-9]+|0x[0-9a-fA-F]+",
           .noun = "a string with one of up to 64 bits"},
  };
  return kForms;
}

namespace {

std::span<const Form> a_cpu() {
  static constexpr Form kForm{.kind = FieldKind::kInteger, .minimum = 0, .maximum = kMaxCpus - 1};
  return {&kForm, 1};
}

} // namespace

std::span<const Form> a_cpulist() {
  static constexpr std::array kForms = {
      Form{.kind = FieldKind::kString,
           .pattern = "[0-9]+(-[0-9]+)?(,[0-9]+(-[0-9]+)?)*",
           .noun = "a CPU list (\"0-3,8\")"},
      Form{.kind = FieldKind::kList, .items = a_cpu, .least_items = 1},
  };
  return kForms;
}

} // namespace schedrig::config
