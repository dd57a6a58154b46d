// SPDX-License-Identifier: MIT
#include "host/loader/descriptor.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "host/loader/compatibility.hpp"

namespace schedrig::loader {
namespace {

// One line in listings; more is a missing terminator or a manual.
constexpr std::size_t kMaxTextBytes = 1024;
// A config section with more keys is not written by people.
constexpr std::size_t kMaxParams = 1024;

bool is_line(std::string_view text) {
  return !text.empty() && text.size() <= kMaxTextBytes &&
         std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20U; });
}

void check_params(std::span<const ParamSpec> params, std::vector<std::string>& faults) {
  if (params.size() > kMaxParams) {
    faults.push_back("params has " + std::to_string(params.size()) + " entries, at most " +
                     std::to_string(kMaxParams) + " make sense");
    return;
  }
  std::set<std::string_view> keys;
  for (std::size_t i = 0; i < params.size(); ++i) {
    const ParamSpec& param = params[i];
    const std::string which = "params[" + std::to_string(i) + "]";
    if (param.size < sizeof(ParamSpec)) {
      faults.push_back(which + ".size is " + std::to_string(param.size));
      return; // the fields that follow are not where they should be
    }
    if (!is_line(param.key)) {
      faults.push_back(which + ".key is empty, too long or no line of text");
    } else if (!keys.insert(param.key).second) {
      faults.push_back(which + ".key repeats " + std::string(param.key));
    }
    if (static_cast<std::uint32_t>(param.type) > static_cast<std::uint32_t>(ParamType::kSize)) {
      faults.push_back(which + ".type is " +
                       std::to_string(static_cast<std::uint32_t>(param.type)));
    }
    if (param.minimum > param.maximum) {
      faults.push_back(which + ".minimum is above its maximum");
    }
  }
}

} // namespace

bool is_plugin_id(std::string_view text) {
  const auto is_lower = [](char c) { return c >= 'a' && c <= 'z'; };
  return !text.empty() && text.size() <= kMaxIdBytes && is_lower(text.front()) &&
         std::ranges::all_of(
             text, [&](char c) { return is_lower(c) || (c >= '0' && c <= '9') || c == '_'; });
}

Result<> check_descriptor(const PluginDescriptor* descriptor, std::uint32_t note_kind) {
  if (descriptor == nullptr) {
    return fail(StatusCode::kBadData, "the entry function returned null");
  }
  if (descriptor->size < sizeof(PluginDescriptor)) {
    return fail(StatusCode::kBadData, "descriptor.size is " + std::to_string(descriptor->size) +
                                          ", at least " + std::to_string(sizeof(PluginDescriptor)) +
                                          " was expected");
  }
  std::vector<std::string> faults;
  const auto kind = static_cast<std::uint32_t>(descriptor->kind);
  if (kind != note_kind) {
    faults.push_back("kind is " + plugin_kind_name(kind) + ", the note says " +
                     plugin_kind_name(note_kind));
  }
  if (!is_plugin_id(descriptor->id)) {
    faults.emplace_back("id does not match [a-z][a-z0-9_]* with at most 64 characters");
  }
  const auto check_line = [&](std::string_view text, std::string_view field) {
    if (!is_line(text)) {
      faults.push_back(std::string(field) + " is empty, too long or no line of text");
    }
  };
  check_line(descriptor->name, "name");
  check_line(descriptor->version, "version");
  check_line(descriptor->licence, "licence");
  check_line(descriptor->description, "description");
  check_params(descriptor->params, faults);
  if (descriptor->create == nullptr) {
    faults.emplace_back("create is null");
  }
  if (descriptor->destroy == nullptr) {
    faults.emplace_back("destroy is null");
  }
  if (faults.empty()) {
    return {};
  }
  std::string message = "broken descriptor: ";
  for (std::size_t i = 0; i < faults.size(); ++i) {
    message += (i == 0 ? "" : "; ") + faults[i];
  }
  return fail(StatusCode::kBadData, std::move(message));
}

} // namespace schedrig::loader
