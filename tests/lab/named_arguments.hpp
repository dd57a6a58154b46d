// SPDX-License-Identifier: MIT
// "--NAME=VALUE" of a test program's command line.
#pragma once

#include <string>

namespace schedrig::lab {

class NamedArguments {
 public:
  NamedArguments(int argc, char** argv) : argc_(argc), argv_(argv) {}

  // The last value of that name, or `otherwise`.
  [[nodiscard]] std::string text(const std::string& name, std::string otherwise = {}) const {
    const std::string start = "--" + name + "=";
    for (int i = 1; i < argc_; ++i) {
      if (const std::string argument = argv_[i]; argument.starts_with(start)) {
        otherwise = argument.substr(start.size());
      }
    }
    return otherwise;
  }
  // Throws std::invalid_argument where it is no number: nobody runs on with that.
  template <class T> [[nodiscard]] T number(const std::string& name, T otherwise) const {
    const std::string value = text(name);
    return value.empty() ? otherwise : static_cast<T>(std::stoull(value));
  }

 private:
  int argc_;
  char** argv_;
};

} // namespace schedrig::lab
