// SPDX-License-Identifier: MIT
// What the lab's init is asked to do: a file in the initramfs, written by run_in_lab.
//
// A sequence of records, each a letter, the text and a zero byte: 'C' working directory, 'A'
// argument of the command (in order), 'E' environment entry NAME=VALUE, 'O' output to send back
// (in order; a path), 'F' a family of them (in the same order; the beginning of a path). Shared
// with the static init program. Thread: any.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace schedrig::lab {

struct InitRequest {
  std::string working_dir;
  std::vector<std::string> arguments;
  std::vector<std::string> environment;
  struct Output {
    std::string path;
    bool family = false;
  };
  std::vector<Output> outputs;
};

inline std::string encode(const InitRequest& request) {
  std::string text;
  const auto add = [&](char letter, const std::string& value) {
    text += letter;
    text += value.substr(0, value.find('\0'));
    text += '\0';
  };
  add('C', request.working_dir);
  for (const std::string& value : request.arguments) {
    add('A', value);
  }
  for (const std::string& value : request.environment) {
    add('E', value);
  }
  for (const InitRequest::Output& output : request.outputs) {
    add(output.family ? 'F' : 'O', output.path);
  }
  return text;
}

// False when a record is unknown or unfinished, or when there is no command.
inline bool decode(std::string_view text, InitRequest& request) {
  while (!text.empty()) {
    const std::size_t end = text.find('\0');
    if (end == std::string_view::npos || end == 0) {
      return false;
    }
    const std::string value(text.substr(1, end - 1));
    switch (text[0]) {
    case 'C':
      request.working_dir = value;
      break;
    case 'A':
      request.arguments.push_back(value);
      break;
    case 'E':
      request.environment.push_back(value);
      break;
    case 'O':
      request.outputs.push_back({.path = value, .family = false});
      break;
    case 'F':
      request.outputs.push_back({.path = value, .family = true});
      break;
    default:
      return false;
    }
    text.remove_prefix(end + 1);
  }
  return !request.arguments.empty();
}

} // namespace schedrig::lab
